/* SPDX-License-Identifier: Apache-2.0 */
/* Room kept on the share for the day it is full. */
#include <stdio.h>
#include <stdlib.h>

#include "backup_reserve.h"
#include "infrabackup/archive.h"
#include "infrabackup/crypto.h"

#define WRITE_SIZE (1u << 20)

enum status backup_reserve_look(struct share *share, uint64_t size, bool *held, struct error *err)
{
	struct share_file *file = NULL;
	uint64_t found = 0;
	*held = false;
	enum status status = share_open_read(share, ARCHIVE_RESERVE_FILE, &file, &found, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	*held = size > 0 && found == size;
	return share_close_file(file, err);
}

enum status backup_reserve_release(struct share *share, bool *released, struct error *err)
{
	enum status status = share_remove(share, ARCHIVE_RESERVE_FILE, err);
	*released = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Random, because a server may store zeros, or what compresses, without using room for it. */
static enum status fill(struct share_file *file, uint64_t size, struct error *err)
{
	AUTO_FREE unsigned char *block = malloc(WRITE_SIZE);
	if (block == NULL)
		return fail_memory(err, "keep reserve");
	enum status status = STATUS_OK;
	while (size > 0 && status == STATUS_OK) {
		size_t length = size < WRITE_SIZE ? (size_t)size : WRITE_SIZE;
		status = crypto_random(block, length, err);
		if (status == STATUS_OK)
			status = share_write(file, block, length, err);
		size -= length;
	}
	return status == STATUS_OK ? share_flush(file, err) : status;
}

static enum status make(struct share *share, uint64_t size, struct error *err)
{
	char guid[GUID_TEXT_SIZE], temporary[ARCHIVE_NAME_SIZE];
	struct share_file *file = NULL;
	guid_generate(guid);
	(void)snprintf(temporary, sizeof temporary, ARCHIVE_ROOT "/" SHARE_TEMPORARY_PREFIX "%s",
		       guid);
	enum status status = share_create(share, temporary, &file, err);
	if (status != STATUS_OK)
		return status;
	status = fill(file, size, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	if (status == STATUS_OK)
		status = closed;
	if (status == STATUS_OK)
		status = share_rename_new(share, temporary, ARCHIVE_RESERVE_FILE, err);
	if (status != STATUS_OK)
		share_discard(share, temporary);
	return status;
}

/* A share that does not tell is simply tried. */
static enum status has_room(struct share *share, uint64_t size, bool *out, struct error *err)
{
	struct share_space space;
	*out = true;
	if ((share_features(share) & SHARE_FEATURE_FREE_SPACE) == 0)
		return STATUS_OK;
	enum status status = share_free_space(share, &space, err);
	if (status == STATUS_OK)
		*out = space.free >= size;
	return status;
}

enum status backup_reserve_keep(struct share *share, uint64_t size, bool *held, struct error *err)
{
	bool released, room = false;
	enum status status = backup_reserve_look(share, size, held, err);
	if (status != STATUS_OK || *held)
		return status;
	status = backup_reserve_release(share, &released, err);
	if (status == STATUS_OK && size > 0)
		status = has_room(share, size, &room, err);
	if (status != STATUS_OK || !room)
		return status;
	status = make(share, size, err);
	*held = status == STATUS_OK;
	return status == STATUS_SHARE_FULL ? STATUS_OK : status;
}

enum status backup_reserve_spend(struct share *share, uint64_t size,
				 enum status (*action)(struct share *share, void *context,
						       struct error *err),
				 void *context, struct error *err)
{
	struct error reserve_err;
	bool released = false, held;
	enum status status = action(share, context, err);
	if (status != STATUS_SHARE_FULL)
		return status;
	if (backup_reserve_release(share, &released, &reserve_err) != STATUS_OK)
		log_error("the reserve on the share cannot be released", &reserve_err);
	if (!released)
		return status;
	log_message(LOG_LEVEL_WARNING, "the share is full: its reserve is released");
	status = action(share, context, err);
	if (backup_reserve_keep(share, size, &held, &reserve_err) != STATUS_OK)
		log_error("the reserve on the share is not made again", &reserve_err);
	return status;
}
