/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* The smb driver passes the suite, against a Samba server that requires encryption. */
#include <stdio.h>
#include <stdlib.h>

#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "share_suite.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

int main(void)
{
	struct share_suite_fixture fixture = { .share = NULL };
	struct smbd_private_options options;
	struct share_registry registry;
	struct smbd_private server;

	if (!smbd_private_start(&server, "required")) {
		smbd_private_stop(&server);
		return EXIT_FAILURE;
	}
	smbd_private_options(&options, &server, "data", "");
	share_registry_init(&registry);
	fixture.registry = &registry;
	fixture.options = options.options;
	int failed = share_suite_run("share_smb_suite", &fixture);
	smbd_private_options_done(&options);
	smbd_private_stop(&server);
	return failed;
}
