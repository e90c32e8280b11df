/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of single failures of a real SMB server have in common. */
#ifndef TESTS_SHARE_SMB_CASE_H
#define TESTS_SHARE_SMB_CASE_H

#include "fake/smbd_private.h"
#include "share_cmocka.h"

/* The server of the test program, between setup and teardown of its group. */
extern struct smbd_private share_smb_server;

int share_smb_setup(void **state);
int share_smb_teardown(void **state);

MUST_CHECK enum status share_smb_open(const struct smbd_private_options *options,
				      struct share **out, struct error *err);
/* Fails the test when it cannot be opened. */
struct share *share_smb_open_good(const char *share_name, long deadline);
/* Opening must fail with @status, a cause of that name, and tell where. */
void share_smb_expect_open(const struct smbd_private_options *options, enum status status,
			   const char *cause);
/* A listening socket on loopback that never says anything; the caller closes it. */
int share_smb_listen_mute(unsigned *port);

#endif
