/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup init */
#include <stdio.h>

#include "infrabackup/backup.h"

#include "app_private.h"

#define DEFAULT_DEADLINE 60

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

/* The database was lost, the master key was not. */
static enum status rebuild(struct app_call *call, const struct config *config,
			   struct backup_initialized *made, struct error *err)
{
	const struct app_share_request request = {
		.share = call->arguments.from,
		.option = "--from",
		.deadline = DEFAULT_DEADLINE,
		.config = config,
	};
	struct app_share prepared;
	struct share *share = NULL;
	enum status status = app_share_prepare(&call->arguments, &request, &prepared, err);
	if (status != STATUS_OK)
		return status;
	status = share_open(&prepared.drivers.registry, &prepared.options, &share, err);
	if (status == STATUS_OK)
		status = backup_state_rebuild(config, &system_clock, share, made, err);
	share_close(share);
	app_share_done(&prepared);
	return status;
}

/* There was no log before: its first row, or the first after a rebuilt one was taken up. */
static enum status record(const struct app_call *call, const struct config *config,
			  struct error *err)
{
	const struct app_audited change = { .operation = call->arguments.from != NULL
								 ? "State_Rebuild"
								 : "State_Init",
					    .object = "" };
	struct db *state = NULL;
	enum status status = app_state_open(config, &state, err);
	if (status == STATUS_OK)
		status = app_audited_change(config, state, &change, err);
	db_close(state);
	return status;
}

enum status app_init(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct backup_initialized made = { .token = SECRET_EMPTY };
	enum status status = config_load(call->arguments.config, &config, err);
	if (status == STATUS_OK)
		status = call->arguments.from != NULL
				 ? rebuild(call, config, &made, err)
				 : backup_state_init(config, &system_clock, &made, err);
	if (status == STATUS_OK)
		status = record(call, config, err);
	if (status == STATUS_OK)
		status = show(call, config, &made, err);
	backup_initialized_done(&made);
	config_free(config);
	return status;
}
