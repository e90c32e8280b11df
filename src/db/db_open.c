/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and copying databases. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "db_connection.h"
#include "db_migrations.h"

/* A writer holds the lock for milliseconds; whoever waits longer than this will not get it by
 * waiting. */
#define BUSY_TIMEOUT_MS 5000

/* Before anything is read. No mmap: a failing disk is to give an error, not SIGBUS, and memory
 * stays bounded. */
static const char SETUP[] = "PRAGMA trusted_schema = OFF;"
			    "PRAGMA cell_size_check = ON;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA foreign_keys = ON;";

/* State was promised to a caller: every commit reaches the disk. */
static const char SETUP_STATE[] = "PRAGMA synchronous = FULL;"
				  "PRAGMA secure_delete = ON;"
				  "PRAGMA cache_size = -1024;"
				  "PRAGMA journal_size_limit = 4194304;";

/* A cache of the share: a power failure may take the last commits, never the consistency. */
static const char SETUP_CATALOGUE[] = "PRAGMA synchronous = NORMAL;"
				      "PRAGMA cache_size = -8192;"
				      "PRAGMA journal_size_limit = 16777216;";

/* SQLite gives the files beside it the same mode. Not by open(): closing any descriptor of a file
 * drops all locks that the process has on it, also those of a connection. */
static enum status create_file(const char *path, struct error *err)
{
	if (mknod(path, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
		return fail_errno(err, STATUS_FAILED, "create database", path);
	return STATUS_OK;
}

/* One opener at a time, among threads and processes: creating the file, the change to WAL and
 * migrations want it alone. The lock is on the folder and goes with the descriptor. */
static enum status lock_folder(const char *path, int *out, struct error *err)
{
	AUTO_FREE char *copy = strdup(path);
	if (copy == NULL)
		return fail_memory(err, "open database");
	AUTO_CLOSE folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail_errno(err, STATUS_FAILED, "open database", path);
	while (flock(folder, LOCK_EX) != 0)
		if (errno != EINTR)
			return fail_errno(err, STATUS_FAILED, "open database", path);
	*out = TAKE_DESCRIPTOR(folder);
	return STATUS_OK;
}

static enum status connect(struct db *db, struct error *err)
{
	int code = sqlite3_open_v2(
		db->path, &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return db_fail(db, code, "open database", err);
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return db_execute(db, SETUP, "open database", err);
}

/* Against other programs that have the file open: the change of mode needs it alone and does not
 * wait by itself. */
static enum status use_wal(struct db *db, struct error *err)
{
	enum status status = STATUS_OK;
	for (int waited = 0; waited < BUSY_TIMEOUT_MS;) {
		status = db_execute(db, "PRAGMA journal_mode = WAL", "open database", err);
		if (status == STATUS_OK || !db->busy)
			break;
		waited += sqlite3_sleep(10);
	}
	return status;
}

static enum status prepare(struct db *db, const struct db_migration *migrations, size_t count,
			   struct error *err)
{
	enum status status = connect(db, err);
	if (status == STATUS_OK)
		status = db_migrate_check(db, migrations, count, err);
	if (status == STATUS_OK)
		status = use_wal(db, err);
	if (status == STATUS_OK)
		status = db_execute(db, db->kind == DB_STATE ? SETUP_STATE : SETUP_CATALOGUE,
				    "open database", err);
	if (status == STATUS_OK)
		status = db_migrate(db, migrations, count, err);
	return status;
}

enum status db_open_with(const char *path, enum db_kind kind, const struct db_migration *migrations,
			 size_t count, struct db **out, struct error *err)
{
	AUTO_CLOSE folder = -1;
	enum status status = lock_folder(path, &folder, err);
	if (status == STATUS_OK)
		status = create_file(path, err);
	if (status != STATUS_OK)
		return status;
	struct db *db = calloc(1, sizeof *db);
	if (db == NULL)
		return fail_memory(err, "open database");
	db->kind = kind;
	db->path = strdup(path);
	if (db->path == NULL)
		status = fail_memory(err, "open database");
	if (status == STATUS_OK)
		status = prepare(db, migrations, count, err);
	if (status == STATUS_OK)
		*out = db;
	else
		db_close(db);
	return status;
}

enum status db_open(const char *path, enum db_kind kind, struct db **out, struct error *err)
{
	return db_open_with(path, kind, db_migrations, db_migration_count, out, err);
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->cache_count; i++)
		(void)sqlite3_finalize(db->cache[i].handle);
	free(db->cache);
	(void)sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

static enum status copy_pages(struct db *from, struct db *to, struct error *err)
{
	int code = sqlite3_open_v2(
		to->path, &to->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code != SQLITE_OK)
		return db_fail(to, code, "copy database", err);
	sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
	if (backup == NULL)
		return db_fail(to, sqlite3_extended_errcode(to->handle), "copy database", err);
	/* All at once: one moment of the source, and only readers of the copy would mind. */
	(void)sqlite3_backup_step(backup, -1);
	code = sqlite3_backup_finish(backup);
	if (code != SQLITE_OK)
		return db_fail(to, code, "copy database", err);
	/* One file that stands alone: nothing of it may be left in a WAL. */
	return db_execute(to, "PRAGMA journal_mode = DELETE", "copy database", err);
}

enum status db_copy_to(struct db *db, const char *path, struct error *err)
{
	AUTO_CLOSE descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return fail_errno(err, errno == EEXIST ? STATUS_EXISTS : STATUS_FAILED,
				  "copy database", path);
	struct db copy = { .kind = db->kind, .path = strdup(path) };
	enum status status =
		copy.path == NULL ? fail_memory(err, "copy database") : copy_pages(db, &copy, err);
	(void)sqlite3_close_v2(copy.handle);
	free(copy.path);
	if (status == STATUS_OK && fsync(descriptor) != 0)
		status = fail_errno(err, STATUS_FAILED, "copy database", path);
	if (status != STATUS_OK)
		(void)unlink(path);
	return status;
}
