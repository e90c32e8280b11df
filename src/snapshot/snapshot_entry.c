/* SPDX-License-Identifier: Apache-2.0 */
/* Order and copies of entries. */
#include <string.h>

#include "infrabackup/snapshot.h"

/* The end of a path sorts first, then '/', then all other bytes: a folder, its content, its
 * next sibling. */
static int path_byte_rank(unsigned char byte)
{
	if (byte == '\0')
		return 0;
	return byte == '/' ? 1 : byte + 1;
}

int snapshot_path_compare(const char *left, const char *right)
{
	while (*left == *right && *left != '\0') {
		left++;
		right++;
	}
	return path_byte_rank((unsigned char)*left) - path_byte_rank((unsigned char)*right);
}

/* A copy is one block: the entry, its xattr table, then all bytes end to end. */
struct copy_room {
	char *at;
};

static const void *copy_bytes(struct copy_room *room, const void *bytes, size_t length)
{
	char *copy = room->at;

	if (length > 0)
		memcpy(copy, bytes, length);
	room->at += length;
	return copy;
}

static const char *copy_text(struct copy_room *room, const char *text)
{
	return text == NULL ? NULL : copy_bytes(room, text, strlen(text) + 1);
}

static size_t copy_size(const struct snapshot_entry *entry)
{
	size_t size = sizeof(*entry) + entry->xattr_count * sizeof(struct snapshot_xattr);

	size += strlen(entry->path) + 1;
	if (entry->link_target != NULL)
		size += strlen(entry->link_target) + 1;
	for (size_t i = 0; i < entry->xattr_count; i++)
		size += strlen(entry->xattrs[i].name) + 1 + entry->xattrs[i].value_length;
	return size;
}

enum status snapshot_entry_copy(const struct snapshot_entry *entry, struct snapshot_entry **out,
				struct error *err)
{
	struct snapshot_entry *copy = malloc(copy_size(entry));

	if (copy == NULL)
		return fail_memory(err, "copy entry");
	*copy = *entry;

	struct snapshot_xattr *xattrs = (struct snapshot_xattr *)(copy + 1);
	struct copy_room room = { (char *)(xattrs + entry->xattr_count) };

	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct snapshot_xattr *from = &entry->xattrs[i];

		xattrs[i].name = copy_text(&room, from->name);
		xattrs[i].value = copy_bytes(&room, from->value, from->value_length);
		xattrs[i].value_length = from->value_length;
	}
	copy->xattrs = xattrs;
	copy->path = copy_text(&room, entry->path);
	copy->link_target = copy_text(&room, entry->link_target);
	*out = copy;
	return STATUS_OK;
}

void snapshot_entry_free(struct snapshot_entry *entry)
{
	free(entry);
}
