/* SPDX-License-Identifier: Apache-2.0 */
/* A database comes back: beside the target, checked, then over it in one transaction. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_restore_metadata.h"
#include "snapshot_spool.h"
#include "snapshot_sqlite_private.h"

struct restore {
	const struct snapshot_settings *settings;
	char *target;    /* with no symbolic link at its end */
	char *directory; /* beside the target, ours */
	char *content;   /* the file in it */
	struct snapshot_spool spool;
};

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum status prepare_folder(struct restore *restore, struct error *err)
{
	/* The rename at the end has to replace the database, not a link to it. */
	restore->target = realpath(restore->settings->path, NULL);
	if (restore->target == NULL)
		restore->target = strdup(restore->settings->path);

	AUTO_FREE char *parent = restore->target == NULL ? NULL : parent_of(restore->target);
	AUTO_FREE char *directory = parent == NULL ? NULL : file_join(parent, ".restore-XXXXXX");

	if (directory == NULL)
		return fail_memory(err, "restore database");

	enum status status = file_make_directories(parent, 0755, err);

	if (status != STATUS_OK)
		return status;
	if (mkdtemp(directory) == NULL)
		return fail_errno(err, STATUS_FAILED, "make intermediate folder", parent);
	restore->directory = TAKE(directory);
	restore->content = file_join(restore->directory, SNAPSHOT_SQLITE_ENTRY);
	return restore->content == NULL ? fail_memory(err, "restore database") : STATUS_OK;
}

enum status snapshot_sqlite_restore_open(const struct snapshot_settings *settings,
					 const struct cancel *cancel, struct restore **out,
					 struct error *err)
{
	struct restore *restore = calloc(1, sizeof(*restore));

	if (restore == NULL)
		return fail_memory(err, "restore database");
	restore->settings = settings;
	snapshot_spool_init(&restore->spool, -1, cancel);

	enum status status = prepare_folder(restore, err);

	if (status == STATUS_OK) {
		restore->spool.sink.descriptor =
			open(restore->content, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (restore->spool.sink.descriptor < 0)
			status = fail_errno(err, STATUS_FAILED, "create file", restore->content);
	}
	if (status != STATUS_OK) {
		snapshot_sqlite_restore_close(restore);
		return status;
	}
	*out = restore;
	return STATUS_OK;
}

enum status snapshot_sqlite_restore_begin(struct restore *restore,
					  const struct snapshot_entry *entry, struct error *err)
{
	return snapshot_spool_begin(&restore->spool, entry, err);
}

enum status snapshot_sqlite_restore_write(struct restore *restore, const void *data, size_t length,
					  struct error *err)
{
	return snapshot_spool_write(&restore->spool, data, length, err);
}

enum status snapshot_sqlite_restore_hole(struct restore *restore, uint64_t length,
					 struct error *err)
{
	return snapshot_spool_hole(&restore->spool, length, err);
}

enum status snapshot_sqlite_restore_end(struct restore *restore, struct error *err)
{
	return snapshot_spool_end(&restore->spool, err);
}

static enum status check_content(const struct restore *restore, struct snapshot_sqlite_watch *watch,
				 struct error *err)
{
	AUTO_SQLITE content = NULL;
	enum status status =
		snapshot_sqlite_open(restore->content, SQLITE_OPEN_READWRITE, watch, &content, err);

	if (status == STATUS_OK)
		status = snapshot_sqlite_check(content, "PRAGMA integrity_check(1)", watch, err);
	return status;
}

static bool is_cause(const struct error *failure, int code)
{
	return (failure->cause & 0xFF) == code;
}

/* The service sees the old or the new content, never anything between. */
static enum status replace_content(const struct restore *restore,
				   struct snapshot_sqlite_watch *watch, struct error *err)
{
	AUTO_SQLITE from = NULL;
	AUTO_SQLITE to = NULL;
	enum status status =
		snapshot_sqlite_open(restore->content, SQLITE_OPEN_READWRITE, watch, &from, err);

	if (status == STATUS_OK)
		status = snapshot_sqlite_open(restore->target, SQLITE_OPEN_READWRITE, watch, &to,
					      err);
	if (status != STATUS_OK)
		return status;

	struct error failure = { 0 };

	status = snapshot_sqlite_copy(from, to, watch, &failure);
	/* With a write-ahead log the page size cannot change. */
	if (status == STATUS_FAILED && is_cause(&failure, SQLITE_READONLY) &&
	    sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) == SQLITE_OK) {
		(void)sqlite3_exec(from, "ROLLBACK", NULL, NULL, NULL);
		status = snapshot_sqlite_copy(from, to, watch, &failure);
	}
	if (status != STATUS_OK && err != NULL)
		*err = failure;
	return status;
}

/* The owner and mode of a database that stayed where it was. */
static void apply_owner(struct restore *restore)
{
	const struct snapshot_entry *entry = restore->spool.entry;
	AUTO_CLOSE descriptor = open(restore->target, SNAPSHOT_RESTORE_METADATA_OPEN);
	struct stat found;
	char path[40];

	if (descriptor < 0 || fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) {
		restore->spool.report.metadata_refused++;
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
	if (fchownat(descriptor, "", entry->user_id, entry->group_id, AT_EMPTY_PATH) != 0)
		restore->spool.report.metadata_refused++;
	if (chmod(path, entry->mode & 0777) != 0)
		restore->spool.report.metadata_refused++;
}

/* What a dead service left beside its database would be applied to the new one. */
static enum status remove_journals(const struct restore *restore, struct error *err)
{
	static const char *const suffixes[] = { "-journal", "-wal", "-shm" };
	size_t path_size = strlen(restore->target) + sizeof("-journal");
	AUTO_FREE char *path = malloc(path_size);

	if (path == NULL)
		return fail_memory(err, "restore database");
	for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
		(void)snprintf(path, path_size, "%s%s", restore->target, suffixes[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return fail_errno(err, STATUS_FAILED, "remove old journal", path);
	}
	return STATUS_OK;
}

static enum status flush_folder(const char *target, struct error *err)
{
	AUTO_FREE char *parent = parent_of(target);

	if (parent == NULL)
		return fail_memory(err, "restore database");

	AUTO_CLOSE folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || fsync(folder) != 0)
		return fail_errno(err, STATUS_FAILED, "flush folder", parent);
	return STATUS_OK;
}

static enum status place_content(struct restore *restore, struct error *err)
{
	AUTO_CLOSE content = open(restore->content, O_RDWR | O_CLOEXEC);

	if (content < 0)
		return fail_errno(err, STATUS_FAILED, "open file", restore->content);
	snapshot_restore_metadata_apply(content, restore->spool.entry,
					&restore->spool.report.metadata_refused);
	if (fsync(content) != 0)
		return fail_errno(err, STATUS_FAILED, "flush file", restore->content);

	enum status status = remove_journals(restore, err);

	if (status != STATUS_OK)
		return status;
	if (rename(restore->content, restore->target) != 0)
		return fail_errno(err, STATUS_FAILED, "restore database", restore->target);
	return flush_folder(restore->target, err);
}

enum status snapshot_sqlite_restore_commit(struct restore *restore, struct error *err)
{
	struct snapshot_sqlite_watch watch;
	enum status status = snapshot_spool_check(&restore->spool, err);

	if (status != STATUS_OK)
		return status;
	snapshot_sqlite_watch_init(&watch, restore->settings, restore->spool.cancel);
	/* Closed before SQLite opens it: a close later would drop its locks. */
	owned_close(&restore->spool.sink.descriptor);
	restore->spool.sink.descriptor = -1;
	status = check_content(restore, &watch, err);
	if (status != STATUS_OK)
		return status;
	if (access(restore->target, F_OK) != 0)
		return place_content(restore, err);

	struct error failure = { 0 };

	status = replace_content(restore, &watch, &failure);
	if (status == STATUS_OK) {
		apply_owner(restore);
		return STATUS_OK;
	}
	/* What is there is no database any more: nobody can be using it. */
	if (status == STATUS_INTEGRITY)
		return place_content(restore, err);
	if (err != NULL)
		*err = failure;
	return status;
}

void snapshot_sqlite_restore_report(const struct restore *restore, struct restore_report *out)
{
	*out = restore->spool.report;
}

void snapshot_sqlite_restore_close(struct restore *restore)
{
	/* A folder that cannot be removed does not make the restore a failure. */
	enum status ignored = STATUS_OK;

	if (restore == NULL)
		return;
	owned_close(&restore->spool.sink.descriptor);
	snapshot_spool_done(&restore->spool);
	if (restore->directory != NULL)
		ignored = file_remove_tree(restore->directory, NULL);
	(void)ignored;
	free(restore->directory);
	free(restore->content);
	free(restore->target);
	free(restore);
}
