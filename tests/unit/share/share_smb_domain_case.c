/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of logons to a domain have in common. */
#include "share_smb_domain_case.h"

struct domain_private share_smb_domain;

enum status share_smb_open_as(const char *server, const char *user,
			      enum share_smb_authentication authentication, long deadline,
			      struct smbd_private_options *options, struct smb_connection **out,
			      struct error *err)
{
	struct share_smb_policy policy = { .authentication = authentication };
	void *handle = NULL;
	char text[1024];

	domain_private_options(options, server, user);
	options->options.deadline = deadline;
	*err = (struct error) { .status = STATUS_OK };
	enum status status = share_smb_driver.open(&policy, &options->options, &handle, err);
	if (status != STATUS_OK)
		print_message("  %s\n", error_text(err, text, sizeof(text)));
	*out = handle;
	return status;
}

int share_smb_domain_setup(void **state)
{
	(void)state;
	return domain_private_start(&share_smb_domain, "required") ? 0 : -1;
}

int share_smb_domain_teardown(void **state)
{
	(void)state;
	domain_private_stop(&share_smb_domain);
	return 0;
}
