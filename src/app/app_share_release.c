/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup share release */
#include <stdio.h>

#include "infrabackup/backup.h"

#include "app_private.h"

#define DEFAULT_DEADLINE 15

static json_t *holder_json(const char *share, const struct backup_lease_holder *holder)
{
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s}", "share", share, "released",
			 (int)holder->was_held, "deploymentId", holder->deployment_id,
			 "controllerId", holder->controller_id, "host", holder->host, "since",
			 clock_text(holder->since, since), "until",
			 clock_text(holder->expires, until));
}

static void print_holder(const struct backup_lease_holder *holder)
{
	char since[CLOCK_TEXT_SIZE];
	if (!holder->was_held)
		(void)printf("nobody holds the folder; last did deployment %s on host %s\n",
			     holder->deployment_id, holder->host);
	else
		(void)printf("taken from deployment %s on host %s (controller %s), which held it "
			     "since %s; the next controller that writes to the folder has it\n",
			     holder->deployment_id, holder->host, holder->controller_id,
			     clock_text(holder->since, since));
}

static enum status release(struct app_call *call, const struct app_share *prepared,
			   struct error *err)
{
	struct share *share = NULL;
	struct backup_lease_holder holder;
	enum status status =
		share_open(&prepared->drivers.registry, &prepared->options, &share, err);
	if (status == STATUS_OK)
		status = backup_lease_withdraw(share, &system_clock, &holder, err);
	share_close(share);
	if (status != STATUS_OK)
		return status;
	if (!call->arguments.json) {
		print_holder(&holder);
		return STATUS_OK;
	}
	call->json = holder_json(call->arguments.share, &holder);
	return call->json != NULL ? STATUS_OK : fail_memory(err, "show result");
}

enum status app_share_release(struct app_call *call, struct error *err)
{
	const struct app_share_request request = {
		.share = call->arguments.share,
		.option = "--share",
		.deadline = DEFAULT_DEADLINE,
	};
	struct app_share share;
	enum status status = app_share_prepare(&call->arguments, &request, &share, err);
	if (status != STATUS_OK)
		return status;
	status = release(call, &share, err);
	app_share_done(&share);
	return status;
}
