/* SPDX-License-Identifier: Apache-2.0 */
/* The domain controller of domain_private.sh for one test program, in a network of its own. */
#ifndef TESTS_FAKE_DOMAIN_PRIVATE_H
#define TESTS_FAKE_DOMAIN_PRIVATE_H

#include "fake/smbd_private.h"

#define DOMAIN_SERVER "dc1.contoso.com"
#define DOMAIN_SERVER_WITHOUT_PRINCIPAL "alias.contoso.com"
#define DOMAIN_ADDRESS "198.51.100.10"
#define DOMAIN_KERBEROS_USER "backup-user@contoso.com"
#define DOMAIN_NTLM_USER "CONTOSO\\backup-user"
#define DOMAIN_PASSWORD "Passw0rd!"

struct domain_private {
	char folder[256];
	pid_t pid; /* ends with all of its processes when killed; 0: none */
};

/* Starts it and waits until it serves, after private_network_enter(); false with a reason on
 * standard error. */
bool domain_private_start(struct domain_private *domain, const char *encrypt);
void domain_private_stop(struct domain_private *domain);

/* The rest fails the calling test when it cannot be done. */

/* The answer of domain_accounts.py: bad logons, or 0. */
int domain_private_account(const struct domain_private *domain, const char *action,
			   const char *user);
/* Logons over SMB that the server let in by @mechanism ("krb5", "NTLMSSP") so far. */
unsigned domain_private_logons(const struct domain_private *domain, const char *mechanism);
/* What goes to the KDC vanishes ("drop") or is refused ("reject"), until
 * private_network_unblock(). */
void domain_private_block_kdc(const char *how);
/* @signal to all processes of the SMB server. */
void domain_private_signal(const struct domain_private *domain, int signal);

/* Options for the share "data". */
void domain_private_options(struct smbd_private_options *options, const char *server,
			    const char *user);

#endif
