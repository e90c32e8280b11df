/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody between an SMB client and its server, who changes what the server says. */
#ifndef TESTS_FAKE_SMB_PROXY_H
#define TESTS_FAKE_SMB_PROXY_H

#include "infrabackup/base.h"

/* A frame of the server without its length: may be changed, cut and lengthened within @capacity. */
struct smb_proxy_frame {
	unsigned number; /* from 0 */
	unsigned char *data;
	size_t length;
	size_t capacity;
	const unsigned char *last; /* the frame before it, as the server sent it */
	size_t last_length;
};

struct smb_proxy_attack {
	void (*change)(struct smb_proxy_frame *frame);
	bool drips;          /* one byte at a time, slower than any deadline */
	bool floods;         /* the second frame again and again, as fast as it goes */
	size_t claim_length; /* in the head of the first frame, instead of its own */
};

struct smb_proxy;

/* Listens on *@port and serves one connection to @server_port; NULL when it cannot. */
struct smb_proxy *smb_proxy_start(const struct smb_proxy_attack *attack, unsigned server_port,
				  unsigned *port);
/* Ends it and returns how many frames the client sent. */
unsigned smb_proxy_stop(struct smb_proxy *proxy);

#endif
