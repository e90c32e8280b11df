/* SPDX-License-Identifier: Apache-2.0 */
/* What an errno of a mounted share means. */
#include "share_directory_private.h"

/* A mount that lost its server answers with whatever its protocol left over. */
#define EVERYWHERE(cause, status)                                                                  \
	{                                                                                          \
		cause,                                                                             \
		{                                                                                  \
			status, status, status                                                     \
		}                                                                                  \
	}
#define CONNECTION(cause) EVERYWHERE(cause, STATUS_SHARE_CONNECTION)

static const struct {
	int cause;
	enum status status[3]; /* by enum directory_access */
} causes[] = {
	{ ENOENT, { STATUS_SHARE_PATH, STATUS_NOT_FOUND, STATUS_NOT_FOUND } },
	{ ENOTDIR, { STATUS_SHARE_PATH, STATUS_NOT_FOUND, STATUS_NOT_FOUND } },
	EVERYWHERE(ENAMETOOLONG, STATUS_SHARE_PATH),
	EVERYWHERE(EILSEQ, STATUS_SHARE_PATH),
	{ ELOOP, { STATUS_SHARE_PATH, STATUS_SHARE_READ_WRITE, STATUS_SHARE_READ_WRITE } },
	{ EEXIST, { STATUS_SHARE_NOT_ACCESSIBLE, STATUS_SHARE_READ_WRITE, STATUS_EXISTS } },
	{ ENOTEMPTY, { STATUS_SHARE_NOT_ACCESSIBLE, STATUS_SHARE_READ_WRITE, STATUS_CONFLICT } },
	EVERYWHERE(ENOSPC, STATUS_SHARE_FULL),
	EVERYWHERE(EDQUOT, STATUS_SHARE_FULL),
	EVERYWHERE(ENOKEY, STATUS_SHARE_AUTHENTICATION),
	EVERYWHERE(EKEYEXPIRED, STATUS_SHARE_AUTHENTICATION),
	EVERYWHERE(EKEYREVOKED, STATUS_SHARE_AUTHENTICATION),
	EVERYWHERE(EKEYREJECTED, STATUS_SHARE_AUTHENTICATION),
	CONNECTION(ETIMEDOUT),
	CONNECTION(EHOSTDOWN),
	CONNECTION(EHOSTUNREACH),
	CONNECTION(ENETDOWN),
	CONNECTION(ENETUNREACH),
	CONNECTION(ENETRESET),
	CONNECTION(ECONNRESET),
	CONNECTION(ECONNREFUSED),
	CONNECTION(ECONNABORTED),
	CONNECTION(ENOTCONN),
	CONNECTION(ESHUTDOWN),
	CONNECTION(EPIPE),
	CONNECTION(ENOLINK),
	CONNECTION(ENONET),
	CONNECTION(ECOMM),
	CONNECTION(ESTALE),
	CONNECTION(ENODEV),
	CONNECTION(ENXIO),
	EVERYWHERE(ENOMEM, STATUS_NO_MEMORY),
	/* This process's or machine's own limits. */
	EVERYWHERE(EMFILE, STATUS_FAILED),
	EVERYWHERE(ENFILE, STATUS_FAILED),
};

enum status directory_fail(struct error *err, enum directory_access access, const char *step,
			   const char *path)
{
	enum status status = access == DIRECTORY_ACCESS_ROOT ? STATUS_SHARE_NOT_ACCESSIBLE
							     : STATUS_SHARE_READ_WRITE;

	for (size_t i = 0; i < ARRAY_LENGTH(causes); i++)
		if (causes[i].cause == errno)
			status = causes[i].status[access];
	return fail_errno(err, status, step, path);
}
