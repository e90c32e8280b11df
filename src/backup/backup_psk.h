/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-shared keys on their way into the database and out of it. */
#ifndef BACKUP_PSK_H
#define BACKUP_PSK_H

#include "infrabackup/backup/psk.h"

#include "backup_private.h"

/* Parameters of a locationUpdate that brings a key: sealed, and what it opens. */
#define PSK_PARAMETER_KEY "keySealed"
#define PSK_PARAMETER_WRAPPED "keyFile"

/* What an update with @key_base64 stores besides the certificate in @der: into @parameters.
 * Nothing, and @der as it was, when that key is in use already. STATUS_INVALID and STATUS_CONFLICT
 * name properties.externalStoreDefault.encryptionKeyBase64; the latter once a certificate was set.
 */
MUST_CHECK enum status backup_psk_prepare(struct backup_service *service, struct db *state,
					  const char *key_base64, struct buffer *der,
					  json_t *parameters, struct error *err);
/* Keeps the key of such parameters, if there is one, as that of the certificate @thumbprint. To be
 * called in the transaction that stores the location, before it. */
MUST_CHECK enum status backup_psk_store(struct backup_service *service, struct db *state,
					const json_t *parameters, const char *thumbprint,
					struct error *err);
/* The private key of a key's certificate. STATUS_NOT_FOUND. */
MUST_CHECK enum status backup_psk_open(struct backup_service *service, struct db *state,
				       const char *thumbprint, struct private_key **out,
				       struct error *err);
/* What the share holds of it; STATUS_NOT_FOUND. */
MUST_CHECK enum status backup_psk_wrapped(struct db *state, const char *thumbprint,
					  struct buffer *out, struct error *err);

#endif
