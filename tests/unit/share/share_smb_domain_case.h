/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of logons to a domain have in common. */
#ifndef TESTS_SHARE_SMB_DOMAIN_CASE_H
#define TESTS_SHARE_SMB_DOMAIN_CASE_H

#include "../../../src/share/share_smb_operation.h"
#include "fake/domain_private.h"
#include "fake/private_network.h"
#include "share_cmocka.h"

#define SHARE_AGES 600000L

/* The domain of the test program, between setup and teardown of its group, after
 * private_network_enter(). */
extern struct domain_private share_smb_domain;

int share_smb_domain_setup(void **state);
int share_smb_domain_teardown(void **state);

/* Opens share "data" with the driver itself, so that its connection can be looked at; @options,
 * which it points to, are the caller's to end. */
MUST_CHECK enum status share_smb_open_as(const char *server, const char *user,
					 enum share_smb_authentication authentication,
					 long deadline, struct smbd_private_options *options,
					 struct smb_connection **out, struct error *err);

#endif
