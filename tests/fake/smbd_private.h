/* SPDX-License-Identifier: Apache-2.0 */
/* A Samba server on loopback for one test program, with the shares of smbd_private.sh. */
#ifndef TESTS_FAKE_SMBD_PRIVATE_H
#define TESTS_FAKE_SMBD_PRIVATE_H

#include "infrabackup/share.h"

#include <sys/types.h>

#define SMBD_USER "CONTOSO\\backup-user"
#define SMBD_PASSWORD "Passw0rd!"
#define SMBD_UMLAUT_USER "CONTOSO\\jörg müller"
#define SMBD_UMLAUT_PASSWORD "Pässwört €1 ß"
#define SMBD_UMLAUT_SHARE "Büro Süd"

struct smbd_private {
	char folder[256];
	unsigned port;
	pid_t pid; /* leads the process group of the server and its children; 0: none */
};

struct smbd_private_settings {
	const char *encrypt; /* "required", "desired" or "off" */
	const char *options; /* more lines for its [global] section; NULL: none */
	unsigned port;       /* 0: a free one */
};

/* Starts it and waits until it takes connections; false with a reason on standard error. */
bool smbd_private_start_with(struct smbd_private *server,
			     const struct smbd_private_settings *settings);
/* With only @encrypt set. */
bool smbd_private_start(struct smbd_private *server, const char *encrypt);
/* All processes of the server at once: SIGSTOP, SIGCONT, SIGKILL. */
void smbd_private_signal(const struct smbd_private *server, int number);
/* After SIGKILL: on the same port and folder, without other options. */
bool smbd_private_restart(struct smbd_private *server, const char *encrypt);
/* Ends it and removes its folder. */
void smbd_private_stop(struct smbd_private *server);
/* How often somebody was refused a logon, by the server's own log. */
unsigned smbd_private_bad_logons(const struct smbd_private *server);

/* Options that point into themselves. */
struct smbd_private_options {
	struct share_address address;
	struct share_options options;
	struct secret password;
};

void smbd_private_options(struct smbd_private_options *options, const struct smbd_private *server,
			  const char *share, const char *path);
void smbd_private_options_done(struct smbd_private_options *options);

#endif
