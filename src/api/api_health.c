/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz: the process answers. /readyz: it may be sent work. */
#include "api_private.h"

enum status api_health_get(struct api_call *call, struct error *err)
{
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:s}", "status", "ok"), err);
}

enum status api_ready_get(struct api_call *call, struct error *err)
{
	if (!atomic_load(&call->api->is_ready))
		return api_fail(call, API_FAULT_NOT_READY, STATUS_FAILED, NULL, err,
				"The service is starting or stopping");
	return api_health_get(call, err);
}
