/* SPDX-License-Identifier: Apache-2.0 */
/* The driver functions of the breaking share: each asks the plan, then the wrapped driver. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fake/share_fake_private.h"

struct fake_share {
	struct share_fake *fake;
	const struct share_driver *inner;
	void *handle;
};

struct fake_file {
	struct fake_share *share;
	void *handle;
	char *name;
	bool losing;
};

/* Asks the plan; anything but STATUS_OK ends the call. */
static enum status enter(struct share_fake *fake, enum share_fake_operation operation,
			 const char *name, enum share_fake_fault *fault, struct error *err)
{
	*fault = share_fake_enter(fake, operation, name);
	return share_fake_fail(fake, *fault, operation, name, err);
}

static enum status fake_open(void *state, const struct share_options *options, void **out,
			     struct error *err)
{
	struct share_fake *fake = state;
	enum share_fake_fault fault;
	void *inner_state;
	enum status status = enter(fake, SHARE_FAKE_OPEN, "", &fault, err);

	if (status != STATUS_OK)
		return status;

	struct fake_share *share = calloc(1, sizeof(*share));
	assert(share != NULL);
	share->fake = fake;
	share->inner = share_fake_inner(fake, &inner_state);
	/* The deadline is the wrapper's; a driver with one of its own is not to meet it. */
	struct share_options unhurried = *options;
	unhurried.deadline = 60L * 1000;
	status = share->inner->open(inner_state, &unhurried, &share->handle, err);
	if (status == STATUS_OK)
		*out = share;
	else
		free(share);
	return status;
}

static struct fake_file *file_new(struct fake_share *share, void *handle, const char *name)
{
	struct fake_file *file = calloc(1, sizeof(*file));

	assert(file != NULL);
	file->share = share;
	file->handle = handle;
	file->name = strdup(name);
	assert(file->name != NULL);
	return file;
}

static enum status fake_create(void *context, const char *name, void **file, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	void *handle;
	enum status status = enter(share->fake, SHARE_FAKE_CREATE, name, &fault, err);

	if (status == STATUS_OK)
		status = share->inner->create(share->handle, name, &handle, err);
	if (status == STATUS_OK)
		*file = file_new(share, handle, name);
	return status;
}

static enum status fake_write(void *context, const void *data, size_t length, struct error *err)
{
	struct fake_file *file = context;
	enum share_fake_fault fault;
	enum status status = enter(file->share->fake, SHARE_FAKE_WRITE, file->name, &fault, err);

	if (fault == SHARE_FAKE_LOSE_WRITE)
		file->losing = true;
	if (status != STATUS_OK || file->losing)
		return status;
	if (fault == SHARE_FAKE_SHORT_WRITE)
		length /= 2;
	return file->share->inner->write(file->handle, data, length, err);
}

static enum status fake_flush(void *context, struct error *err)
{
	struct fake_file *file = context;
	enum share_fake_fault fault;
	enum status status = enter(file->share->fake, SHARE_FAKE_FLUSH, file->name, &fault, err);

	return status != STATUS_OK ? status : file->share->inner->flush(file->handle, err);
}

static enum status fake_open_read(void *context, const char *name, void **file, uint64_t *size,
				  struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	void *handle;
	enum status status = enter(share->fake, SHARE_FAKE_OPEN_READ, name, &fault, err);

	if (status == STATUS_OK)
		status = share->inner->open_read(share->handle, name, &handle, size, err);
	if (status == STATUS_OK)
		*file = file_new(share, handle, name);
	return status;
}

static enum status fake_read(void *context, uint64_t offset, void *data, size_t length, size_t *got,
			     struct error *err)
{
	struct fake_file *file = context;
	enum share_fake_fault fault;
	enum status status = enter(file->share->fake, SHARE_FAKE_READ, file->name, &fault, err);

	if (status == STATUS_OK)
		status = file->share->inner->read(file->handle, offset, data, length, got, err);
	if (status != STATUS_OK || fault != SHARE_FAKE_CORRUPT_READ)
		return status;
	if (*got == 0)
		share_fake_postpone(file->share->fake);
	else
		((unsigned char *)data)[*got / 2] ^= 0x10;
	return STATUS_OK;
}

/* The inner file is released in every case, as the contract says. */
static enum status fake_close_file(void *context, struct error *err)
{
	struct fake_file *file = context;
	enum share_fake_fault fault;
	struct error inner_error;
	struct error *into = err == NULL ? &inner_error : err;
	enum status planned =
		enter(file->share->fake, SHARE_FAKE_CLOSE_FILE, file->name, &fault, into);
	enum status status = file->share->inner->close_file(
		file->handle, planned == STATUS_OK ? into : &inner_error);

	free(file->name);
	free(file);
	return planned == STATUS_OK ? status : planned;
}

static enum status fake_list(void *context, const char *name,
			     enum status (*each)(const struct share_entry *entry, void *context,
						 struct error *err),
			     void *each_context, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_LIST, name, &fault, err);

	return status != STATUS_OK
		       ? status
		       : share->inner->list(share->handle, name, each, each_context, err);
}

static enum status fake_make_directory(void *context, const char *name, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_MAKE_DIRECTORY, name, &fault, err);

	return status != STATUS_OK ? status
				   : share->inner->make_directory(share->handle, name, err);
}

static enum status fake_rename_new(void *context, const char *from, const char *to,
				   struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_RENAME_NEW, from, &fault, err);

	return status != STATUS_OK ? status
				   : share->inner->rename_new(share->handle, from, to, err);
}

static enum status fake_remove(void *context, const char *name, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_REMOVE, name, &fault, err);

	return status != STATUS_OK ? status : share->inner->remove(share->handle, name, err);
}

static enum status fake_free_space(void *context, struct share_space *out, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_FREE_SPACE, "", &fault, err);

	return status != STATUS_OK ? status : share->inner->free_space(share->handle, out, err);
}

static enum status fake_describe(void *context, struct share_transport *out, struct error *err)
{
	struct fake_share *share = context;
	enum share_fake_fault fault;
	enum status status = enter(share->fake, SHARE_FAKE_DESCRIBE, "", &fault, err);

	return status != STATUS_OK ? status : share->inner->describe(share->handle, out, err);
}

static void fake_close(void *context)
{
	struct fake_share *share = context;

	(void)share_fake_enter(share->fake, SHARE_FAKE_CLOSE, "");
	share->inner->close(share->handle);
	free(share);
}

const struct share_driver share_fake_functions = {
	.open = fake_open,
	.create = fake_create,
	.write = fake_write,
	.flush = fake_flush,
	.open_read = fake_open_read,
	.read = fake_read,
	.close_file = fake_close_file,
	.list = fake_list,
	.make_directory = fake_make_directory,
	.rename_new = fake_rename_new,
	.remove = fake_remove,
	.free_space = fake_free_space,
	.describe = fake_describe,
	.close = fake_close,
};
