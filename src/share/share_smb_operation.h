/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of the driver: begun, run on a live connection, repeated where that is safe, its
 * failure completed with step, path and server. */
#ifndef SHARE_SMB_OPERATION_H
#define SHARE_SMB_OPERATION_H

#include "share_smb_private.h"

/* MS-SMB2 2.2.13.1 */
#define ACCESS_READ_DATA 0x00000001u
#define ACCESS_WRITE_DATA 0x00000002u
#define ACCESS_READ_ATTRIBUTES 0x00000080u
#define ACCESS_DELETE 0x00010000u
#define ACCESS_SYNCHRONIZE 0x00100000u

#define SHARING_ALL 7u
#define SHARING_READ_DELETE 5u

/* 2.2.13 */
#define DISPOSITION_OPEN 1u
#define DISPOSITION_CREATE 2u
#define OPTION_DIRECTORY 0x01u
#define OPTION_NOT_DIRECTORY 0x40u
#define OPTION_OPEN_REPARSE_POINT 0x200000u

struct smb_operation {
	enum share_operation operation;
	const char *name;      /* "": the root */
	struct smb_file *file; /* whose connection must still be the same */
	bool repeatable;       /* once more on a new connection harms nothing */
	bool cleanup;
	enum status (*run)(struct smb_connection *connection, void *arguments, struct error *err);
	void *arguments;
};

/* What an operation is about, and what it finds. */
struct smb_names {
	const char *name;
	const char *to;
	const struct smb_open *how;
	unsigned char id[SMB_FILE_ID_SIZE];
	uint64_t size;
	share_each each;
	void *context;
	struct share_space space;
};

MUST_CHECK enum status smb_operation_run(struct smb_connection *connection,
					 const struct smb_operation *operation, struct error *err);

/* Not connected yet; @policy may be NULL. */
MUST_CHECK enum status smb_connection_new(const struct share_smb_policy *policy,
					  const struct share_options *options,
					  struct smb_connection **out, struct error *err);
void smb_connection_free(struct smb_connection *connection);

/* --- share_smb_driver_file.c: as in struct share_driver --- */

MUST_CHECK enum status smb_driver_create(void *share, const char *name, void **file,
					 struct error *err);
MUST_CHECK enum status smb_driver_open_read(void *share, const char *name, void **file,
					    uint64_t *size, struct error *err);
MUST_CHECK enum status smb_driver_write(void *file, const void *data, size_t length,
					struct error *err);
MUST_CHECK enum status smb_driver_flush(void *file, struct error *err);
MUST_CHECK enum status smb_driver_read(void *file, uint64_t offset, void *data, size_t length,
				       size_t *got, struct error *err);
MUST_CHECK enum status smb_driver_close_file(void *file, struct error *err);

#endif
