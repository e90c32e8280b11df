/* SPDX-License-Identifier: Apache-2.0 */
/* The sqlite provider: a consistent copy of a database in use, yielded as one file. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "snapshot_directory_file.h"
#include "snapshot_sqlite_private.h"
#include "snapshot_walk_private.h"

struct snapshot {
	const struct cancel *cancel;
	char *directory; /* ours; the copy is all that is in it */
	char *copy;
	struct stat source;
	uint64_t size;
	bool yielded;
};

static void snapshot_free(struct snapshot *snapshot)
{
	/* What cannot be removed is in our own folder, and the copy is of no further use. */
	enum status ignored = STATUS_OK;

	if (snapshot->directory != NULL)
		ignored = file_remove_tree(snapshot->directory, NULL);
	(void)ignored;
	free(snapshot->directory);
	free(snapshot->copy);
	free(snapshot);
}

/* A folder of its own: SQLite puts journals beside the copy. */
static enum status make_directory(struct snapshot *snapshot, const char *parent, struct error *err)
{
	AUTO_FREE char *directory = file_join(parent, "sqlite-XXXXXX");

	if (directory == NULL)
		return fail_memory(err, "copy database");
	if (mkdtemp(directory) == NULL)
		return fail_errno(err, STATUS_FAILED, "make intermediate folder", parent);
	snapshot->directory = TAKE(directory);
	snapshot->copy = file_join(snapshot->directory, SNAPSHOT_SQLITE_ENTRY);
	return snapshot->copy == NULL ? fail_memory(err, "copy database") : STATUS_OK;
}

static enum status make_copy(struct snapshot *snapshot, struct snapshot_sqlite_watch *watch,
			     struct error *err)
{
	AUTO_SQLITE from = NULL;
	AUTO_SQLITE to = NULL;
	enum status status =
		snapshot_sqlite_open(watch->path, SQLITE_OPEN_READONLY, watch, &from, err);

	if (status == STATUS_OK)
		status = snapshot_sqlite_open(snapshot->copy,
					      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, watch,
					      &to, err);
	/* The copy is thrown away after a crash: it needs no journal. */
	if (status == STATUS_OK)
		(void)sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL,
				   NULL, NULL);
	if (status == STATUS_OK)
		status = snapshot_sqlite_copy(from, to, watch, err);
	if (status == STATUS_OK)
		status = snapshot_sqlite_check(to, "PRAGMA quick_check(1)", watch, err);
	return status;
}

static enum status measure_copy(struct snapshot *snapshot, struct error *err)
{
	struct stat found;

	if (stat(snapshot->copy, &found) != 0)
		return fail_errno(err, STATUS_FAILED, "copy database", snapshot->copy);
	snapshot->size = (uint64_t)found.st_size;
	return STATUS_OK;
}

static enum status sqlite_open(const struct snapshot_settings *settings,
			       const struct cancel *cancel, struct snapshot **out,
			       struct error *err)
{
	struct snapshot_sqlite_watch watch;
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	enum status status;

	if (snapshot == NULL)
		return fail_memory(err, "open database");
	snapshot->cancel = cancel;
	snapshot_sqlite_watch_init(&watch, settings, cancel);
	/* Never opened by ourselves: closing it would drop the locks of SQLite in this process. */
	if (stat(settings->path, &snapshot->source) != 0)
		status = fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				    "open database", settings->path);
	else if (!S_ISREG(snapshot->source.st_mode))
		status = fail(err, STATUS_FAILED, "open database", settings->path,
			      "it is not a file");
	else
		status = make_directory(snapshot, settings->temporary_directory, err);
	if (status == STATUS_OK)
		status = make_copy(snapshot, &watch, err);
	if (status == STATUS_OK)
		status = measure_copy(snapshot, err);
	if (status != STATUS_OK) {
		snapshot_free(snapshot);
		return status;
	}
	*out = snapshot;
	return STATUS_OK;
}

static enum status sqlite_next(struct snapshot *snapshot, struct snapshot_entry *entry, bool *end,
			       struct error *err)
{
	(void)err;
	*end = snapshot->yielded;
	snapshot->yielded = true;
	if (*end)
		return STATUS_OK;
	snapshot_walk_entry_from_stat(entry, &snapshot->source, SNAPSHOT_SQLITE_ENTRY);
	entry->size = snapshot->size;
	/* The file tells nothing about what is in the write-ahead log: never taken as unchanged. */
	entry->inode = 0;
	entry->changed_ns = 0;
	return STATUS_OK;
}

static enum status sqlite_open_file(struct snapshot *snapshot, const struct snapshot_entry *entry,
				    struct snapshot_file **out, struct error *err)
{
	int descriptor = open(snapshot->copy, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		return fail_errno(err, STATUS_FAILED, "open file", snapshot->copy);
	return snapshot_directory_file_open(descriptor, entry->path, snapshot->cancel, out, err);
}

static enum status sqlite_close(struct snapshot *snapshot, struct error *err)
{
	(void)err;
	snapshot_free(snapshot);
	return STATUS_OK;
}

const struct snapshot_driver snapshot_sqlite_driver = {
	.name = "sqlite",
	.open = sqlite_open,
	.next = sqlite_next,
	.open_file = sqlite_open_file,
	.read = snapshot_directory_file_read,
	.close_file = snapshot_directory_file_close,
	.close = sqlite_close,
	.restore_open = snapshot_sqlite_restore_open,
	.begin_entry = snapshot_sqlite_restore_begin,
	.write = snapshot_sqlite_restore_write,
	.hole = snapshot_sqlite_restore_hole,
	.end_entry = snapshot_sqlite_restore_end,
	.commit = snapshot_sqlite_restore_commit,
	.restore_report = snapshot_sqlite_restore_report,
	.restore_close = snapshot_sqlite_restore_close,
};
