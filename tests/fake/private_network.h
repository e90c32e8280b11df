/* SPDX-License-Identifier: Apache-2.0 */
/* A network of the test program's own, with its names and its faults; it ends with the program. */
#ifndef TESTS_FAKE_PRIVATE_NETWORK_H
#define TESTS_FAKE_PRIVATE_NETWORK_H

#include <stdbool.h>

/* Puts this program into network and mount namespaces of its own, before it has threads. False with
 * a reason on standard error. */
bool private_network_enter(void);
/* Brings the loopback up and gives the mount namespace an /etc whose hosts and resolv.conf these
 * are. */
bool private_network_names(const char *hosts, const char *resolver);

/* These end the program when they cannot be done. */

/* What @match (of nft: "tcp dport 88") describes vanishes ("drop") or is refused ("reject"). */
void private_network_block(const char *match, const char *how);
void private_network_unblock(void);

#endif
