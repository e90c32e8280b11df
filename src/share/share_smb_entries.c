/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a QUERY_DIRECTORY reply: 2.2.34, MS-FSCC 2.4.10. */
#include "share_smb_frame.h"

#define ENTRY_HEAD 64 /* up to the name */
/* MS-DTYP 2.3.3: 100 ns since 1601. */
#define FILETIME_1970 116444736000000000
#define FILETIME_MILLISECOND 10000

/* A time that cannot be is as good as none: nothing depends on it. */
static int64_t unix_time(uint64_t filetime)
{
	if (filetime < FILETIME_1970 || filetime > INT64_MAX)
		return 0;
	return ((int64_t)filetime - FILETIME_1970) / FILETIME_MILLISECOND;
}

enum status smb_entries_parse(const struct smb_message *message, uint32_t max,
			      struct smb_message *entries, struct error *err)
{
	enum status status = smb_body_check(message, 9, 8, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	uint32_t length = load_u32(body + 4);
	const unsigned char *start = smb_span(message, load_u16(body + 2), length);
	if (start == NULL || length == 0 || length > max)
		return smb_refuse(err, "the folder's entries are not inside it");
	*entries = (struct smb_message) { start, length };
	return STATUS_OK;
}

enum status smb_entries_next(struct smb_message *entries, struct smb_directory_entry *out,
			     bool *more, struct error *err)
{
	const unsigned char *data = entries->data;

	if (entries->length < ENTRY_HEAD)
		return smb_refuse(err, "a folder entry is cut off");
	size_t next = load_u32(data);
	size_t name = load_u32(data + 60);
	if (name == 0 || name % 2 != 0 || name > entries->length - ENTRY_HEAD)
		return smb_refuse(err, "a folder entry's name is not inside it");
	if (next != 0 && (next % 8 != 0 || next < ENTRY_HEAD + name || next > entries->length))
		return smb_refuse(err, "the chain of folder entries is broken");
	uint64_t size = load_u64(data + 40);
	if (size > INT64_MAX)
		return smb_refuse(err, "a file's size is negative");
	*out = (struct smb_directory_entry) { data + ENTRY_HEAD, name, load_u32(data + 56), size,
					      unix_time(load_u64(data + 24)) };
	*more = next != 0;
	*entries = (struct smb_message) { data + next, entries->length - next };
	return STATUS_OK;
}
