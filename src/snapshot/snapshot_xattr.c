/* SPDX-License-Identifier: Apache-2.0 */
/* Reads extended attributes by /proc/self/fd/<folder>/<name>: one call for the many that have none.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <linux/limits.h>

#include "snapshot_xattr.h"

#define VALUES_MAX ((size_t)512 * 1024) /* a manifest's entry has to hold them */

bool snapshot_xattr_is_possible(void)
{
	return access("/proc/self/fd", X_OK) == 0;
}

void snapshot_xattr_list_done(struct snapshot_xattr_list *list)
{
	free(list->names);
	free(list->items);
	buffer_done(&list->values);
	*list = (struct snapshot_xattr_list) { 0 };
}

/* Most entries have none, so the memory comes with the first that has. */
static enum status list_prepare(struct snapshot_xattr_list *list, struct error *err)
{
	if (list->names != NULL)
		return STATUS_OK;
	list->names = malloc(XATTR_LIST_MAX);
	if (list->names == NULL)
		return fail_memory(err, "read extended attributes");
	buffer_init(&list->values, VALUES_MAX);
	return STATUS_OK;
}

static int compare_items(const void *left, const void *right)
{
	const struct snapshot_xattr *left_item = left;
	const struct snapshot_xattr *right_item = right;

	return strcmp(left_item->name, right_item->name);
}

/* Room for one more item and the longest value. *@fits is false when there are too many. */
static enum status list_reserve(struct snapshot_xattr_list *list, bool *fits, struct error *err)
{
	*fits = list->values.length + XATTR_SIZE_MAX <= VALUES_MAX;
	if (!*fits)
		return STATUS_OK;
	if (list->count == list->item_capacity) {
		size_t capacity = list->item_capacity == 0 ? 16 : list->item_capacity * 2;
		struct snapshot_xattr *items =
			realloc(list->items, capacity * sizeof(struct snapshot_xattr));

		if (items == NULL)
			return fail_memory(err, "read extended attributes");
		list->items = items;
		list->item_capacity = capacity;
	}
	return buffer_reserve(&list->values, XATTR_SIZE_MAX, err);
}

static enum status list_add(struct snapshot_xattr_list *list, const char *path, const char *name,
			    int *cause, struct error *err)
{
	bool fits;
	enum status status = list_reserve(list, &fits, err);

	if (status != STATUS_OK)
		return status;
	if (!fits) {
		*cause = E2BIG;
		return STATUS_OK;
	}

	ssize_t length =
		lgetxattr(path, name, list->values.data + list->values.length, XATTR_SIZE_MAX);

	if (length < 0) {
		/* Removed since it was listed: as if it had never been there. */
		if (errno != ENODATA && errno != ENOENT)
			*cause = errno;
		return STATUS_OK;
	}
	list->items[list->count++] =
		(struct snapshot_xattr) { .name = name, .value_length = (size_t)length };
	list->values.length += (size_t)length;
	return STATUS_OK;
}

/* The values have stopped moving: now they can be pointed at. */
static void list_finish(struct snapshot_xattr_list *list)
{
	const unsigned char *value = list->values.data;

	for (size_t i = 0; i < list->count; i++) {
		list->items[i].value = value;
		value += list->items[i].value_length;
	}
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

enum status snapshot_xattr_list_read(struct snapshot_xattr_list *list, int directory,
				     const char *name, int *cause, struct error *err)
{
	char path[64 + NAME_MAX];
	char none[1];

	*cause = 0;
	list->count = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);

	ssize_t length = llistxattr(path, none, 0);

	if (length > 0) {
		enum status status = list_prepare(list, err);

		if (status != STATUS_OK)
			return status;
		length = llistxattr(path, list->names, XATTR_LIST_MAX);
	}
	if (length < 0) {
		if (errno != ENOTSUP && errno != ENOENT)
			*cause = errno;
		return STATUS_OK;
	}
	buffer_clear(&list->values);
	for (const char *at = list->names; length > 0 && at < list->names + length;
	     at += strlen(at) + 1) {
		enum status status = list_add(list, path, at, cause, err);

		if (status != STATUS_OK)
			return status;
	}
	list_finish(list);
	return STATUS_OK;
}
