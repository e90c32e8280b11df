/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of single failures of a real SMB server have in common. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "share_smb_case.h"

struct smbd_private share_smb_server;

enum status share_smb_open(const struct smbd_private_options *options, struct share **out,
			   struct error *err)
{
	struct share_registry registry;

	share_registry_init(&registry);
	return share_open(&registry, &options->options, out, err);
}

struct share *share_smb_open_good(const char *share_name, long deadline)
{
	struct smbd_private_options options;
	struct share *share = NULL;
	struct error err;

	smbd_private_options(&options, &share_smb_server, share_name, "");
	options.options.deadline = deadline;
	if (share_smb_open(&options, &share, &err) != STATUS_OK) {
		char text[1024];

		fail_msg("%s", error_text(&err, text, sizeof(text)));
	}
	smbd_private_options_done(&options);
	return share;
}

void share_smb_expect_open(const struct smbd_private_options *options, enum status status,
			   const char *cause)
{
	struct share *share = NULL;
	struct error err = { .status = STATUS_OK };
	char text[1024];
	enum status found = share_smb_open(options, &share, &err);

	print_message("  %s %s: %s\n", share_failure_class(found), err.cause_name,
		      error_text(&err, text, sizeof(text)));
	assert_int_equal(found, status);
	assert_string_equal(err.cause_name, cause);
	assert_string_equal(err.step, "open share");
	assert_non_null(strstr(err.path, options->address.share));
	assert_non_null(strstr(err.message, options->address.server));
	assert_null(share);
}

int share_smb_setup(void **state)
{
	(void)state;
	return smbd_private_start(&share_smb_server, "required") ? 0 : -1;
}

int share_smb_teardown(void **state)
{
	(void)state;
	smbd_private_stop(&share_smb_server);
	return 0;
}

int share_smb_listen_mute(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(descriptor, 4), 0);
	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return descriptor;
}
