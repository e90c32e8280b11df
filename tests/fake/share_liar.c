/* SPDX-License-Identifier: Apache-2.0 */
/* The lying share: each function asks whether this call is one to lie about, else passes it on. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/share_liar.h"

#define HONEST share_directory_driver
#define DAY ((int64_t)24 * 60 * 60 * 1000)

struct liar_share {
	struct share_liar *liar;
	void *inner;
	int number; /* the how manieth handle */
	char root[1024];
};

struct liar_file {
	struct liar_share *share;
	void *inner;
	atomic_int *count; /* that closing takes it from */
};

static bool lies(const struct liar_share *share, enum share_lie lie, const char *name)
{
	return share->liar->lie == lie &&
	       (share->liar->about == NULL || strstr(name, share->liar->about) != NULL);
}

static void local_path(const struct liar_share *share, const char *name, char path[2100])
{
	(void)snprintf(path, 2100, "%s/%s", share->root, name);
}

static enum status liar_open(void *state, const struct share_options *options, void **out,
			     struct error *err)
{
	struct liar_share *share = calloc(1, sizeof(*share));

	assert(share != NULL);
	share->liar = state;
	share->number = atomic_fetch_add(&share->liar->handles, 1) + 1;
	(void)snprintf(share->root, sizeof(share->root), "%s", options->address->path);
	enum status status = HONEST.open(NULL, options, &share->inner, err);
	if (status == STATUS_OK)
		*out = share;
	else
		free(share);
	return status;
}

static void liar_close(void *context)
{
	struct liar_share *share = context;

	HONEST.close(share->inner);
	free(share);
}

static enum status file_new(struct liar_share *share, void *inner, atomic_int *count, void **out)
{
	struct liar_file *file = calloc(1, sizeof(*file));

	assert(file != NULL);
	*file = (struct liar_file) { share, inner, count };
	atomic_fetch_add(count, 1);
	*out = file;
	return STATUS_OK;
}

static enum status liar_create(void *context, const char *name, void **file, struct error *err)
{
	struct liar_share *share = context;
	char path[2100];
	void *inner;

	local_path(share, name, path);
	if (lies(share, SHARE_LIE_CREATE_REPLACES, name))
		(void)unlink(path);
	if (lies(share, SHARE_LIE_REFUSES_NAMES, name))
		return fail(err, STATUS_SHARE_PATH, "create file", name, "not such a name");
	if (lies(share, SHARE_LIE_MERGES_NAMES, name))
		return fail(err, STATUS_EXISTS, "create file", name, "there is one like it");
	enum status status = HONEST.create(share->inner, name, &inner, err);
	return status == STATUS_OK ? file_new(share, inner, &share->liar->writing, file) : status;
}

static enum status liar_write(void *context, const void *data, size_t length, struct error *err)
{
	struct liar_file *file = context;

	if (file->share->liar->lie == SHARE_LIE_SLOW_WRITES)
		atomic_fetch_add(&file->share->liar->time, 1000);
	atomic_fetch_add(&file->share->liar->written, (long long)length);
	return HONEST.write(file->inner, data, length, err);
}

static enum status liar_flush(void *context, struct error *err)
{
	struct liar_file *file = context;

	return HONEST.flush(file->inner, err);
}

static enum status liar_open_read(void *context, const char *name, void **file, uint64_t *size,
				  struct error *err)
{
	struct liar_share *share = context;
	void *inner;

	if (lies(share, SHARE_LIE_HIDES, name) && share->number == 2)
		return fail(err, STATUS_NOT_FOUND, "open file", name, "not yet");
	if (lies(share, SHARE_LIE_HIDES_UNCLOSED, name) && atomic_load(&share->liar->writing) > 0)
		return fail(err, STATUS_NOT_FOUND, "open file", name, "not yet");
	if (lies(share, SHARE_LIE_LOCKS, name) && atomic_load(&share->liar->reading) > 0)
		return fail(err, STATUS_SHARE_READ_WRITE, "open file", name, "open elsewhere");
	enum status status = HONEST.open_read(share->inner, name, &inner, size, err);
	return status == STATUS_OK ? file_new(share, inner, &share->liar->reading, file) : status;
}

static enum status liar_read(void *context, uint64_t offset, void *data, size_t length, size_t *got,
			     struct error *err)
{
	struct liar_file *file = context;

	if (file->share->liar->lie == SHARE_LIE_SLOW_READS)
		atomic_fetch_add(&file->share->liar->time, 1000);
	return HONEST.read(file->inner, offset, data, length, got, err);
}

static enum status liar_close_file(void *context, struct error *err)
{
	struct liar_file *file = context;
	struct share_liar *liar = file->share->liar;

	atomic_fetch_sub(file->count, 1);
	if (liar->lie == SHARE_LIE_LATE_CANCEL)
		atomic_fetch_add(&liar->time, 2000);
	enum status status = HONEST.close_file(file->inner, err);
	free(file);
	return status;
}

/* --- lists --- */

struct listing {
	struct liar_share *share;
	share_each each;
	void *context;
};

static enum status change_entry(const struct share_entry *entry, void *context, struct error *err)
{
	struct listing *listing = context;
	struct share_entry told = *entry;
	char name[300];
	size_t length = strlen(entry->name);

	assert(length < sizeof(name));
	(void)snprintf(name, sizeof(name), "%s", entry->name);
	told.name = name;
	if (lies(listing->share, SHARE_LIE_LISTS_LATE, name))
		return STATUS_OK;
	if (lies(listing->share, SHARE_LIE_LISTS_SIZES, name))
		told.size = 0;
	if (lies(listing->share, SHARE_LIE_LISTS_KINDS, name))
		told.is_directory = false;
	if (lies(listing->share, SHARE_LIE_CLOCK_AHEAD, name))
		told.modified += DAY;
	if (lies(listing->share, SHARE_LIE_CLOCK_BEHIND, name))
		told.modified -= DAY;
	if (lies(listing->share, SHARE_LIE_CLOCK_NONE, name))
		told.modified = 0;
	if (lies(listing->share, SHARE_LIE_CHANGES_NAMES, name))
		name[length - 1] = '_';
	enum status status = listing->each(&told, listing->context, err);
	if (status == STATUS_OK && lies(listing->share, SHARE_LIE_LISTS_TWICE, name))
		status = listing->each(&told, listing->context, err);
	return status;
}

static enum status liar_list(void *context, const char *name, share_each each, void *each_context,
			     struct error *err)
{
	struct listing listing = { context, each, each_context };

	return HONEST.list(listing.share->inner, name, change_entry, &listing, err);
}

/* --- names --- */

static enum status liar_make_directory(void *context, const char *name, struct error *err)
{
	struct liar_share *share = context;

	if (lies(share, SHARE_LIE_REFUSES_NAMES, name))
		return fail(err, STATUS_SHARE_PATH, "make folder", name, "not such a name");
	enum status status = HONEST.make_directory(share->inner, name, err);
	if (status == STATUS_EXISTS && lies(share, SHARE_LIE_MAKES_AGAIN, name))
		return STATUS_OK;
	return status;
}

static enum status liar_rename_new(void *context, const char *from, const char *to,
				   struct error *err)
{
	struct liar_share *share = context;
	char old_path[2100], new_path[2100], inside[2200];

	local_path(share, from, old_path);
	local_path(share, to, new_path);
	if (lies(share, SHARE_LIE_RENAME_REPLACES, to))
		(void)remove(new_path);
	if (lies(share, SHARE_LIE_RENAME_KEEPS, to))
		return link(old_path, new_path) == 0
			       ? STATUS_OK
			       : fail_errno(err, STATUS_EXISTS, "rename file", to);
	enum status status = HONEST.rename_new(share->inner, from, to, err);
	if (status == STATUS_OK && lies(share, SHARE_LIE_RENAME_LOSES, to))
		assert(truncate(new_path, 0) == 0);
	(void)snprintf(inside, sizeof(inside), "%s/inside", new_path);
	if (status == STATUS_OK && lies(share, SHARE_LIE_RENAME_EMPTIES, to))
		(void)unlink(inside);
	return status;
}

static enum status liar_remove(void *context, const char *name, struct error *err)
{
	struct liar_share *share = context;
	char path[2100];

	local_path(share, name, path);
	if (lies(share, SHARE_LIE_REMOVE_KEEPS, name))
		return STATUS_OK;
	if (lies(share, SHARE_LIE_REMOVES_FULL, name))
		return file_remove_tree(path, err);
	return HONEST.remove(share->inner, name, err);
}

/* --- what it says of itself --- */

static enum status liar_free_space(void *context, struct share_space *out, struct error *err)
{
	const struct liar_share *share = context;
	uint64_t written = (uint64_t)atomic_load(&share->liar->written);

	(void)err;
	/* Not the disk's: others fill and empty that meanwhile. */
	*out = (struct share_space) { .total = (uint64_t)1 << 40, .free = (uint64_t)1 << 39 };
	if (share->liar->lie == SHARE_LIE_SPACE_LITTLE)
		out->free = (uint64_t)10 << 20;
	if (share->liar->lie == SHARE_LIE_SPACE_SCARCE)
		out->free = (uint64_t)500 << 20;
	if (share->liar->lie != SHARE_LIE_SPACE_STANDS && written < out->free)
		out->free -= written;
	return STATUS_OK;
}

static enum status liar_describe(void *context, struct share_transport *out, struct error *err)
{
	struct liar_share *share = context;
	enum status status = HONEST.describe(share->inner, out, err);

	/* Whatever the machine's temporary folder is. */
	out->storage = share->liar->lie == SHARE_LIE_IN_MEMORY ? SHARE_STORAGE_MEMORY
							       : SHARE_STORAGE_LOCAL;
	return status;
}

const struct share_driver share_liar_driver = {
	.scheme = "file",
	.features = SHARE_FEATURE_FREE_SPACE,
	.open = liar_open,
	.create = liar_create,
	.write = liar_write,
	.flush = liar_flush,
	.open_read = liar_open_read,
	.read = liar_read,
	.close_file = liar_close_file,
	.list = liar_list,
	.make_directory = liar_make_directory,
	.rename_new = liar_rename_new,
	.remove = liar_remove,
	.free_space = liar_free_space,
	.describe = liar_describe,
	.close = liar_close,
};

/* --- time --- */

static int64_t wall_time(void *context)
{
	(void)context;
	return clock_now(&system_clock);
}

static int64_t own_time(void *context)
{
	struct share_liar *liar = context;

	return atomic_load(&liar->time);
}

struct clock share_liar_clock(struct share_liar *liar)
{
	return (struct clock) { .now = wall_time, .monotonic = own_time, .context = liar };
}
