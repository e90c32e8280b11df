/* SPDX-License-Identifier: Apache-2.0 */
/* A share as the command line names it: address, user, password, and Ctrl-C. */
#include <string.h>

#include "app_private.h"

static enum status take_password(const struct app_arguments *arguments, struct app_share *out,
				 struct error *err)
{
	const struct app_secret_source source = {
		.file = arguments->password_file,
		.file_option = "--password-file",
		.environment = ENVIRONMENT_PASSWORD,
		.prompt = "Password of the share's user",
	};
	if (arguments->user == NULL && arguments->password_file != NULL)
		return fail_field(err, "--password-file", "given without --user");
	if (arguments->user == NULL)
		return STATUS_OK;
	return app_secret_get(&source, &out->password, err);
}

static enum status start_signals(struct app_share *out, struct error *err)
{
	out->cancel = cancel_new();
	if (out->cancel == NULL)
		return fail_memory(err, "open share");
	return app_signals_start(out->cancel, 0, &out->signals, err);
}

enum status app_share_prepare(const struct app_arguments *arguments,
			      const struct app_share_request *request, struct app_share *out,
			      struct error *err)
{
	int64_t deadline =
		arguments->deadline.is_given ? arguments->deadline.value : request->deadline;
	memset(out, 0, sizeof *out);
	app_drivers_init(&out->drivers, request->config, arguments);
	enum status status =
		share_address_parse(request->share, request->option, &out->address, err);
	if (status == STATUS_OK)
		status = take_password(arguments, out, err);
	if (status == STATUS_OK)
		status = start_signals(out, err);
	if (status != STATUS_OK) {
		app_share_done(out);
		return status;
	}
	out->options = (struct share_options) {
		.address = &out->address,
		.user_name = arguments->user,
		.password = arguments->user == NULL ? NULL : &out->password,
		.cancel = out->cancel,
		.deadline = (long)deadline * 1000,
	};
	return STATUS_OK;
}

void app_share_done(struct app_share *share)
{
	app_signals_stop(share->signals);
	cancel_free(share->cancel);
	secret_free(&share->password);
	share->signals = NULL;
	share->cancel = NULL;
}
