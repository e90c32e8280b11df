/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-shared keys that locations were set to with api-version 2016-05-01. A key has a
 * certificate of its own (see psk_certificate_generate()), which is the location's then; the key is
 * kept, sealed, also when a certificate of the operator's has taken its place. */
#ifndef INFRABACKUP_BACKUP_PSK_H
#define INFRABACKUP_BACKUP_PSK_H

#include "infrabackup/base.h"

struct db;

/* *@out: whether the certificate is a key's. @thumbprint may be empty. */
MUST_CHECK enum status backup_psk_is_known(struct db *state, const char *thumbprint, bool *out,
					   struct error *err);

#endif
