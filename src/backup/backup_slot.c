/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers: each is one file, and whoever creates it has it. Slots are never removed: a
 * number that was free again could be given twice. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"

static enum status read_slot(struct share *share, uint64_t sequence, struct archive_slot *out,
			     struct error *err)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	archive_number_name(ARCHIVE_SEQUENCE, sequence, name);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = share_get(share, name, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
	if (status == STATUS_OK)
		status = archive_slot_parse(bytes.data, bytes.length, out, err);
	buffer_done(&bytes);
	return status;
}

/* STATUS_EXISTS when it is there. @backup_id NULL: a barrier. */
static enum status put_slot(struct backup_service *service, struct share *share, uint64_t sequence,
			    const char *backup_id, struct error *err)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	const struct backup_lease *lease = &service->lease;
	struct archive_slot slot = { .sequence = sequence,
				     .is_barred = backup_id == NULL,
				     .time = clock_now(service->clock) };
	memcpy(slot.instance_id, lease->instance_id, GUID_TEXT_SIZE);
	memcpy(slot.backup_id, backup_id != NULL ? backup_id : lease->instance_id, GUID_TEXT_SIZE);
	memcpy(slot.host, lease->host, sizeof slot.host);
	archive_number_name(ARCHIVE_SEQUENCE, sequence, name);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX);
	enum status status = archive_slot_write(&slot, &bytes, err);
	if (status == STATUS_OK)
		status = share_put(share, name, bytes.data, bytes.length, err);
	buffer_done(&bytes);
	return status;
}

static enum status refuse(const struct archive_slot *slot, struct error *err)
{
	char time[CLOCK_TEXT_SIZE], name[ARCHIVE_NAME_SIZE];
	archive_number_name(ARCHIVE_SEQUENCE, slot->sequence, name);
	return fail(err, STATUS_CONFLICT, "take number of the backup", name,
		    "number %" PRIu64 " was taken by host %s at %s%s%s: another controller took "
		    "the folder over while this one did not answer; this backup is not committed",
		    slot->sequence, slot->host, clock_text(slot->time, time),
		    slot->is_barred ? "" : " for backup ", slot->is_barred ? "" : slot->backup_id);
}

enum status backup_slot_take(struct backup_service *service, struct share *share, uint64_t sequence,
			     const char *backup_id, struct error *err)
{
	struct archive_slot slot;
	enum status status = put_slot(service, share, sequence, backup_id, err);
	if (status != STATUS_EXISTS)
		return status;
	status = read_slot(share, sequence, &slot, err);
	if (status != STATUS_OK)
		return status;
	if (!slot.is_barred && strcmp(slot.backup_id, backup_id) == 0)
		return STATUS_OK;
	return refuse(&slot, err);
}

enum status backup_slot_is_of(struct share *share, uint64_t sequence, const char *backup_id,
			      bool *out, struct error *err)
{
	struct archive_slot slot;
	*out = false;
	enum status status = read_slot(share, sequence, &slot, err);
	if (status == STATUS_OK)
		*out = !slot.is_barred && strcmp(slot.backup_id, backup_id) == 0;
	/* One that cannot be read is nobody's: it still bars its number. */
	return status == STATUS_NOT_FOUND || status == STATUS_INTEGRITY ? STATUS_OK : status;
}

enum status backup_slot_is_lost(struct share *share, uint64_t sequence, const char *backup_id,
				bool *out, struct error *err)
{
	struct archive_slot slot;
	*out = false;
	enum status status = read_slot(share, sequence, &slot, err);
	if (status == STATUS_OK)
		*out = slot.is_barred || strcmp(slot.backup_id, backup_id) != 0;
	return status == STATUS_NOT_FOUND || status == STATUS_INTEGRITY ? STATUS_OK : status;
}

static enum status see_slot(const struct share_entry *entry, void *context, struct error *err)
{
	uint64_t *highest = context, number = 0;
	(void)err;
	if (archive_number_parse(entry->name, &number) && number > *highest)
		*highest = number;
	return STATUS_OK;
}

enum status backup_slot_highest(struct share *share, uint64_t *out, struct error *err)
{
	*out = 0;
	enum status status = share_list(share, ARCHIVE_SEQUENCE, see_slot, out, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct barring {
	struct backup_service *service;
	struct share *share;
	uint64_t highest; /* number that a folder or a slot has */
};

static enum status has_commit(struct share *share, const char *folder, bool *out, struct error *err)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(folder, ARCHIVE_COMMIT_FILE, name);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = share_get(share, name, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
	buffer_done(&bytes);
	*out = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A folder that is being filled: its number is either taken by now, and its backup stands, or it is
 * taken away here. */
static enum status bar_folder(const struct share_entry *entry, void *context, struct error *err)
{
	struct barring *barring = context;
	uint64_t sequence = 0;
	char backup_id[GUID_TEXT_SIZE];
	bool is_committed = false;
	if (!entry->is_directory || !archive_backup_folder_parse(entry->name, &sequence, backup_id))
		return STATUS_OK;
	if (sequence > barring->highest)
		barring->highest = sequence;
	enum status status = has_commit(barring->share, entry->name, &is_committed, err);
	if (status == STATUS_OK && !is_committed)
		status = put_slot(barring->service, barring->share, sequence, NULL, err);
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

/* A run that has not made its folder yet wants the number after all that it has seen. */
enum status backup_slot_bar(struct backup_service *service, struct share *share, struct error *err)
{
	struct barring barring = { service, share, 0 };
	enum status status = backup_slot_highest(share, &barring.highest, err);
	if (status == STATUS_OK)
		status = share_list(share, ARCHIVE_BACKUPS, bar_folder, &barring, err);
	if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	if (status == STATUS_OK)
		status = STATUS_EXISTS;
	while (status == STATUS_EXISTS)
		status = put_slot(service, share, ++barring.highest, NULL, err);
	return status;
}
