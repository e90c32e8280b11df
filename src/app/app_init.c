/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup init */
#include <stdio.h>

#include "infrabackup/backup.h"

#include "app_private.h"

static enum status show(struct app_call *call, const struct config *config,
			const struct backup_initialized *made, struct error *err)
{
	const char *token = (const char *)made->token.data;
	if (call->arguments.json) {
		call->json = json_pack("{s:s, s:s, s:s}", "token", token, "signer", made->signer,
				       "stateDir", config->state_directory);
		return call->json != NULL ? STATUS_OK : fail_memory(err, "show result");
	}
	(void)printf("state directory  %s\n"
		     "signer           %s\n"
		     "                 (belongs in the recovery kit, beside the PFX)\n"
		     "token            %s\n"
		     "                 (Administrator; shown only now)\n",
		     config->state_directory, made->signer, token);
	return STATUS_OK;
}

enum status app_init(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct backup_initialized made = { .token = SECRET_EMPTY };
	enum status status = config_load(call->arguments.config, &config, err);
	if (status == STATUS_OK)
		status = backup_state_init(config, &system_clock, &made, err);
	if (status == STATUS_OK)
		status = show(call, config, &made, err);
	backup_initialized_done(&made);
	config_free(config);
	return status;
}
