/* SPDX-License-Identifier: Apache-2.0 */
/* Takes one file's content; see the header. */
#include "snapshot_spool.h"

static const char step[] = "restore content";

void snapshot_spool_init(struct snapshot_spool *spool, int descriptor, const struct cancel *cancel)
{
	*spool = (struct snapshot_spool) { .sink.descriptor = descriptor, .cancel = cancel };
}

void snapshot_spool_done(struct snapshot_spool *spool)
{
	snapshot_entry_free(spool->entry);
	spool->entry = NULL;
}

enum status snapshot_spool_begin(struct snapshot_spool *spool, const struct snapshot_entry *entry,
				 struct error *err)
{
	enum status status = cancel_check(spool->cancel, step, err);

	if (status != STATUS_OK)
		return status;
	if (entry->type != SNAPSHOT_FILE)
		return fail(err, STATUS_INTEGRITY, step, entry->path,
			    "entry type %d where the one file of the backup is expected",
			    (int)entry->type);
	if (spool->complete)
		return fail(err, STATUS_INTEGRITY, step, entry->path,
			    "a second file where the backup has one");
	/* Begun again after an unfinished try: from the start. */
	if (ftruncate(spool->sink.descriptor, 0) != 0 ||
	    lseek(spool->sink.descriptor, 0, SEEK_SET) < 0)
		return fail_errno(err, STATUS_FAILED, step, entry->path);
	spool->sink.position = 0;
	spool->sink.hole_at_end = false;
	snapshot_spool_done(spool);
	return snapshot_entry_copy(entry, &spool->entry, err);
}

static enum status check_begun(const struct snapshot_spool *spool, struct error *err)
{
	if (spool->entry == NULL || spool->complete)
		return fail(err, STATUS_CONFLICT, step, NULL, "no file has been begun");
	return cancel_check(spool->cancel, step, err);
}

enum status snapshot_spool_write(struct snapshot_spool *spool, const void *data, size_t length,
				 struct error *err)
{
	enum status status = check_begun(spool, err);

	if (status != STATUS_OK)
		return status;
	return snapshot_sink_write(&spool->sink, spool->entry->path, data, length, err);
}

enum status snapshot_spool_hole(struct snapshot_spool *spool, uint64_t length, struct error *err)
{
	enum status status = check_begun(spool, err);

	if (status != STATUS_OK)
		return status;
	return snapshot_sink_hole(&spool->sink, spool->entry->path, length, err);
}

enum status snapshot_spool_end(struct snapshot_spool *spool, struct error *err)
{
	enum status status = check_begun(spool, err);

	if (status == STATUS_OK)
		status = snapshot_sink_finish(&spool->sink, spool->entry->path, err);
	if (status != STATUS_OK)
		return status;
	spool->complete = true;
	spool->report.entries++;
	spool->report.bytes += spool->sink.position;
	return STATUS_OK;
}

enum status snapshot_spool_check(const struct snapshot_spool *spool, struct error *err)
{
	if (!spool->complete)
		return fail(err, STATUS_CONFLICT, step, NULL,
			    "the backup's file has not been restored completely");
	return STATUS_OK;
}
