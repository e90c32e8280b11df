/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle of the subscription as the resource manager tells it (CONTRACT 12.5), and what it
 * forbids. Backups go on by themselves in every state, and nothing is deleted in any: a notice that
 * came by mistake must not cost the operator what this service is for. */
#include <string.h>

#include "api_private.h"

#define API_SETTING_STATE "subscription-state"

static const char *const api_state_names[] = {
	[API_SUBSCRIPTION_REGISTERED] = "Registered",
	[API_SUBSCRIPTION_UNREGISTERED] = "Unregistered",
	[API_SUBSCRIPTION_WARNED] = "Warned",
	[API_SUBSCRIPTION_SUSPENDED] = "Suspended",
	[API_SUBSCRIPTION_DELETED] = "Deleted",
	NULL,
};

/* STATUS_INTEGRITY: a text that nobody here wrote. */
static enum status api_state_from_name(const char *name, enum api_subscription_state *out,
				       struct error *err)
{
	for (size_t i = 0; api_state_names[i] != NULL; i++)
		if (strcmp(api_state_names[i], name) == 0) {
			*out = (enum api_subscription_state)i;
			return STATUS_OK;
		}
	return fail(err, STATUS_INTEGRITY, "read the subscription", API_SETTING_STATE,
		    "the state of the subscription is stored as '%.32s', which is none", name);
}

enum status api_subscription_read(const struct api_call *call, enum api_subscription_state *out,
				  struct error *err)
{
	struct buffer name;

	buffer_init(&name, 64);

	enum status status = db_setting_get(call->state, API_SETTING_STATE, &name, err);

	if (status == STATUS_OK)
		status = api_state_from_name((const char *)name.data, out, err);
	buffer_done(&name);
	if (status != STATUS_NOT_FOUND)
		return status;
	*out = API_SUBSCRIPTION_REGISTERED;
	return STATUS_OK;
}

enum status api_subscription_store(const struct api_call *call, enum api_subscription_state state,
				   struct error *err)
{
	return db_setting_set(call->state, API_SETTING_STATE, api_state_names[state], err);
}

enum status api_subscription_check(struct api_call *call, struct error *err)
{
	const struct config *config = call->api->settings.config;
	enum api_subscription_state state;
	enum status status = api_subscription_read(call, &state, err);

	if (status != STATUS_OK || state == API_SUBSCRIPTION_REGISTERED)
		return status;
	if (state == API_SUBSCRIPTION_UNREGISTERED)
		return api_fail(call, API_FAULT_SUBSCRIPTION_UNREGISTERED, STATUS_CONFLICT, NULL,
				err,
				"The subscription '%s' is not registered to use this provider: "
				"register it first",
				config->deployment.subscription_id);
	return api_fail(call, API_FAULT_SUBSCRIPTION_READ_ONLY, STATUS_CONFLICT, NULL, err,
			"The subscription '%s' is %s, so that it can only be read until the "
			"resource manager registers it again",
			config->deployment.subscription_id,
			state == API_SUBSCRIPTION_WARNED      ? "warned"
			: state == API_SUBSCRIPTION_SUSPENDED ? "suspended"
							      : "deleted");
}

/* Any state may follow any other; the same one again is fine. The answer is what was sent. */
enum status api_subscriptions_put(struct api_call *call, struct error *err)
{
	AUTO_JSON body = NULL;
	const char *name = NULL, *registered = NULL;
	json_t *properties = NULL;
	enum api_subscription_state state = API_SUBSCRIPTION_REGISTERED;
	const struct json_field fields[] = {
		{ .name = "state",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &name,
		  .allowed = api_state_names },
		{ .name = "registrationDate",
		  .type = JSON_FIELD_STRING,
		  .destination = &registered },
		{ .name = "properties", .type = JSON_FIELD_OBJECT, .destination = &properties },
	};
	enum status status = api_body_read(call, false, &body, err);

	if (status == STATUS_OK)
		status = json_read_fields(body, "$", fields, ARRAY_LENGTH(fields),
					  JSON_UNKNOWN_IGNORE, true, err);
	if (status == STATUS_OK)
		status = api_state_from_name(name, &state, err);
	if (status == STATUS_OK)
		status = api_subscription_store(call, state, err);
	return status == STATUS_OK
		       ? api_answer_json(call->response, 200, API_JSON_UTF8, TAKE(body), err)
		       : status;
}
