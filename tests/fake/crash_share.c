/* SPDX-License-Identifier: Apache-2.0 */
/* The share of the machine that crashes: the directory driver, watched. Flushing costs nothing
 * here: the machine knows what is durable. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake/crash_machine_private.h"

#define HONEST share_directory_driver

struct crash_share {
	struct crash_machine *machine;
	void *inner;
	char *root;
};

struct crash_file {
	struct crash_machine *machine;
	void *inner;
	char *path;
	uint64_t length, durable;
};

static char *path_of(const struct crash_share *share, const char *name)
{
	char *path;
	assert(asprintf(&path, "%s%s%s", share->root, name[0] != '\0' ? "/" : "", name) > 0);
	return path;
}

static void settle_parent(struct crash_machine *machine, const char *path)
{
	char *folder = strdup(path);
	assert(folder != NULL);
	*strrchr(folder, '/') = '\0';
	crash_settle_folder(machine, folder);
	free(folder);
}

static enum status crash_open(void *state, const struct share_options *options, void **out,
			      struct error *err)
{
	struct crash_share *share = calloc(1, sizeof *share);
	assert(share != NULL);
	share->machine = state;
	share->root = strdup(options->address->path);
	assert(share->root != NULL);
	enum status status = HONEST.open(NULL, options, &share->inner, err);
	assert(status == STATUS_OK);
	*out = share;
	return status;
}

static void crash_close(void *context)
{
	struct crash_share *share = context;
	HONEST.close(share->inner);
	free(share->root);
	free(share);
}

static void file_new(const struct crash_share *share, void *inner, const char *name, void **out)
{
	struct crash_file *file = calloc(1, sizeof *file);
	assert(file != NULL);
	*file = (struct crash_file) { share->machine, inner, path_of(share, name), 0, 0 };
	*out = file;
}

static enum status crash_create(void *context, const char *name, void **file, struct error *err)
{
	struct crash_share *share = context;
	void *inner;
	crash_enter(share->machine);
	enum status status = HONEST.create(share->inner, name, &inner, err);
	if (status == STATUS_OK) {
		file_new(share, inner, name, file);
		crash_effect_add(share->machine, CRASH_EFFECT_CREATED,
				 ((struct crash_file *)*file)->path);
	}
	crash_leave(share->machine, CRASH_CALL_SHARE_WRITE);
	return status;
}

static enum status crash_write(void *context, const void *data, size_t length, struct error *err)
{
	struct crash_file *file = context;
	crash_enter(file->machine);
	struct crash_effect *effect =
		crash_effect_find(file->machine, CRASH_EFFECT_DATA, file->path);
	if (effect == NULL) {
		effect = crash_effect_add(file->machine, CRASH_EFFECT_DATA, file->path);
		effect->durable = file->durable;
	}
	enum status status = HONEST.write(file->inner, data, length, err);
	file->length += length;
	effect->length = file->length;
	crash_leave(file->machine, CRASH_CALL_SHARE_WRITE);
	return status;
}

static enum status crash_flush(void *context, struct error *err)
{
	struct crash_file *file = context;
	(void)err;
	crash_enter(file->machine);
	file->durable = file->length;
	crash_effect_settle(file->machine, CRASH_EFFECT_DATA, file->path);
	settle_parent(file->machine, file->path);
	crash_leave(file->machine, CRASH_CALL_SHARE_WRITE);
	return STATUS_OK;
}

static enum status crash_open_read(void *context, const char *name, void **file, uint64_t *size,
				   struct error *err)
{
	struct crash_share *share = context;
	void *inner;
	crash_enter(share->machine);
	enum status status = HONEST.open_read(share->inner, name, &inner, size, err);
	if (status == STATUS_OK)
		file_new(share, inner, name, file);
	crash_leave(share->machine, CRASH_CALL_SHARE_READ);
	return status;
}

static enum status crash_read(void *context, uint64_t offset, void *data, size_t length,
			      size_t *got, struct error *err)
{
	struct crash_file *file = context;
	crash_enter(file->machine);
	enum status status = HONEST.read(file->inner, offset, data, length, got, err);
	crash_leave(file->machine, CRASH_CALL_SHARE_READ);
	return status;
}

static enum status crash_close_file(void *context, struct error *err)
{
	struct crash_file *file = context;
	struct crash_machine *machine = file->machine;
	crash_enter(machine);
	enum status status = HONEST.close_file(file->inner, err);
	free(file->path);
	free(file);
	crash_leave(machine, CRASH_CALL_SHARE_READ);
	return status;
}

static enum status crash_list(void *context, const char *name, share_each each, void *each_context,
			      struct error *err)
{
	struct crash_share *share = context;
	crash_enter(share->machine);
	enum status status = HONEST.list(share->inner, name, each, each_context, err);
	crash_leave(share->machine, CRASH_CALL_SHARE_READ);
	return status;
}

static enum status crash_make_directory(void *context, const char *name, struct error *err)
{
	struct crash_share *share = context;
	char *path = path_of(share, name);
	crash_enter(share->machine);
	enum status status = HONEST.make_directory(share->inner, name, err);
	if (status == STATUS_OK)
		settle_parent(share->machine, path);
	free(path);
	crash_leave(share->machine, CRASH_CALL_SHARE_WRITE);
	return status;
}

static enum status crash_rename_new(void *context, const char *from, const char *to,
				    struct error *err)
{
	struct crash_share *share = context;
	char *old_path = path_of(share, from), *new_path = path_of(share, to);
	crash_enter(share->machine);
	enum status status = HONEST.rename_new(share->inner, from, to, err);
	if (status == STATUS_OK) {
		settle_parent(share->machine, old_path);
		settle_parent(share->machine, new_path);
		crash_effects_rename(share->machine, old_path, new_path);
	}
	free(old_path);
	free(new_path);
	crash_leave(share->machine, CRASH_CALL_SHARE_WRITE);
	return status;
}

/* What cannot be removed is not, and what was remembered of it is harmless. */
static enum status crash_remove(void *context, const char *name, struct error *err)
{
	struct crash_share *share = context;
	struct stat facts;
	char *path = path_of(share, name);
	crash_enter(share->machine);
	bool is_folder = lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
	bool is_file = !is_folder && access(path, F_OK) == 0;
	if (is_file)
		crash_effect_bury(share->machine, path);
	enum status status = HONEST.remove(share->inner, name, err);
	assert(!is_file || status == STATUS_OK);
	if (is_folder && status == STATUS_OK)
		(void)crash_effect_add(share->machine, CRASH_EFFECT_EMPTIED, path);
	free(path);
	crash_leave(share->machine, CRASH_CALL_SHARE_WRITE);
	return status;
}

static enum status crash_free_space(void *context, struct share_space *out, struct error *err)
{
	struct crash_share *share = context;
	(void)err;
	crash_enter(share->machine);
	*out = (struct share_space) { .total = (uint64_t)1 << 40, .free = (uint64_t)1 << 39 };
	crash_leave(share->machine, CRASH_CALL_SHARE_READ);
	return STATUS_OK;
}

static enum status crash_describe(void *context, struct share_transport *out, struct error *err)
{
	struct crash_share *share = context;
	enum status status = HONEST.describe(share->inner, out, err);
	/* Whatever the machine's temporary folder is. */
	out->storage = SHARE_STORAGE_LOCAL;
	return status;
}

const struct share_driver crash_share_driver = {
	.scheme = "file",
	.features = SHARE_FEATURE_FREE_SPACE,
	.open = crash_open,
	.create = crash_create,
	.write = crash_write,
	.flush = crash_flush,
	.open_read = crash_open_read,
	.read = crash_read,
	.close_file = crash_close_file,
	.list = crash_list,
	.make_directory = crash_make_directory,
	.rename_new = crash_rename_new,
	.remove = crash_remove,
	.free_space = crash_free_space,
	.describe = crash_describe,
	.close = crash_close,
};
