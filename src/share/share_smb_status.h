/* SPDX-License-Identifier: Apache-2.0 */
/* NTSTATUS values that the client acts on, and what all of them mean. */
#ifndef SHARE_SMB_STATUS_H
#define SHARE_SMB_STATUS_H

#include "infrabackup/share.h"

/* MS-ERREF 2.3 */
#define NT_SUCCESS 0x00000000u
#define NT_PENDING 0x00000103u
#define NT_NO_MORE_FILES 0x80000006u
#define NT_END_OF_FILE 0xC0000011u
#define NT_MORE_PROCESSING_REQUIRED 0xC0000016u
#define NT_FILE_IS_A_DIRECTORY 0xC00000BAu
#define NT_NETWORK_SESSION_EXPIRED 0xC000035Cu

/* While it is being opened, the share's own name can be wrong; later only a file's. */
enum smb_access { SMB_ACCESS_ROOT, SMB_ACCESS_FILE };

/* The failure that @status of the server means: class by the table, cause and its name. */
enum status smb_status_fail(struct error *err, enum smb_access access, uint32_t status);
/* "STATUS_DISK_FULL", or the number. */
const char *smb_status_name(uint32_t status, char text[32]);

#endif
