/* SPDX-License-Identifier: Apache-2.0 */
/* The failure classes of a share, as documents and alerts name them. */
#include "infrabackup/share.h"

static const char *const classes[STATUS_COUNT] = {
	[STATUS_SHARE_FULL] = "ShareOutOfCapacity",
	[STATUS_SHARE_CONNECTION] = "ShareConnection",
	[STATUS_SHARE_PATH] = "SharePathInvalid",
	[STATUS_SHARE_AUTHENTICATION] = "ShareAuthentication",
	[STATUS_SHARE_NOT_ACCESSIBLE] = "ShareNotAccessible",
	[STATUS_SHARE_READ_WRITE] = "ShareReadWrite",
	[STATUS_SHARE_UPLOAD] = "ShareUploadData",
};

const char *share_failure_class(enum status status)
{
	if ((unsigned)status >= STATUS_COUNT || classes[status] == NULL)
		return "General";
	return classes[status];
}
