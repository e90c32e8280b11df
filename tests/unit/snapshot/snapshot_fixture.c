/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the snapshot tests. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/snapshot/snapshot_fixture.h"

#define PIECE 65536

int snapshot_fixture_setup(void **state)
{
	struct snapshot_fixture *fixture = calloc(1, sizeof(*fixture));
	const char *temporary = getenv("TMPDIR");

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "%s/snapshot-XXXXXX",
		       temporary == NULL ? "/tmp" : temporary);
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->source, sizeof(fixture->source), "%s/source", fixture->folder);
	(void)snprintf(fixture->target, sizeof(fixture->target), "%s/target", fixture->folder);
	assert_int_equal(mkdir(fixture->source, 0755), 0);
	fixture->cancel = cancel_new();
	assert_non_null(fixture->cancel);
	fixture->settings = (struct snapshot_settings) {
		.role = "Test",
		.provider = "directory",
		.path = fixture->source,
		.timeout = 60000,
		.temporary_directory = fixture->folder,
	};
	fixture->target_settings = fixture->settings;
	fixture->target_settings.path = fixture->target;
	*state = fixture;
	return 0;
}

int snapshot_fixture_teardown(void **state)
{
	struct snapshot_fixture *fixture = *state;
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)execlp("rm", "rm", "-rf", "--", fixture->folder, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
	cancel_free(fixture->cancel);
	free(fixture);
	return status;
}

const char *source_path(struct snapshot_fixture *fixture, const char *name)
{
	static char paths[4][4096];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", fixture->source, name);
	return path;
}

void make_file(struct snapshot_fixture *fixture, const char *name, const char *content)
{
	AUTO_CLOSE file =
		open(source_path(fixture, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(file >= 0);
	assert_int_equal(write(file, content, strlen(content)), strlen(content));
}

void make_folder(struct snapshot_fixture *fixture, const char *name)
{
	assert_int_equal(mkdir(source_path(fixture, name), 0755), 0);
}

static enum status pump_content(const struct snapshot_driver *from, struct snapshot_file *file,
				const struct snapshot_driver *to, struct restore *restore,
				struct error *err)
{
	static char data[PIECE];

	for (;;) {
		size_t got;
		uint64_t hole;
		enum status status = from->read(file, data, sizeof(data), &got, &hole, err);

		if (status != STATUS_OK)
			return status;
		if (got == 0 && hole == 0)
			return STATUS_OK;
		status = hole > 0 ? to->hole(restore, hole, err)
				  : to->write(restore, data, got, err);
		if (status != STATUS_OK)
			return status;
	}
}

static enum status pump_file(struct snapshot_fixture *fixture, const struct snapshot_driver *from,
			     struct snapshot *snapshot, const struct snapshot_driver *to,
			     struct restore *restore, const struct snapshot_entry *entry)
{
	struct snapshot_file *file;
	bool changed;
	enum status status = from->open_file(snapshot, entry, &file, &fixture->err);

	if (status != STATUS_OK) {
		fixture->problems++;
		return STATUS_OK;
	}
	status = to->begin_entry(restore, entry, &fixture->err);
	if (status == STATUS_OK)
		status = pump_content(from, file, to, restore, &fixture->err);
	from->close_file(file, &changed);
	if (status == STATUS_OK)
		status = to->end_entry(restore, &fixture->err);
	return status;
}

static enum status pump_entries(struct snapshot_fixture *fixture,
				const struct snapshot_driver *from, struct snapshot *snapshot,
				const struct snapshot_driver *to, struct restore *restore)
{
	for (;;) {
		struct snapshot_entry entry;
		bool end;
		enum status status = from->next(snapshot, &entry, &end, &fixture->err);

		if (status == STATUS_OK && end)
			status = to->commit(restore, &fixture->err);
		if (status != STATUS_OK || end)
			return status;
		if (entry.type == SNAPSHOT_FILE) {
			status = pump_file(fixture, from, snapshot, to, restore, &entry);
		} else {
			status = to->begin_entry(restore, &entry, &fixture->err);
			if (status == STATUS_OK)
				status = to->end_entry(restore, &fixture->err);
		}
		if (status != STATUS_OK)
			return status;
	}
}

enum status pump(struct snapshot_fixture *fixture, const struct snapshot_driver *from,
		 const struct snapshot_driver *to)
{
	struct snapshot *snapshot;
	struct restore *restore;
	struct error close_error;

	fixture->problems = 0;

	enum status status =
		from->open(&fixture->settings, fixture->cancel, &snapshot, &fixture->err);

	if (status != STATUS_OK)
		return status;
	status = to->restore_open(&fixture->target_settings, fixture->cancel, &restore,
				  &fixture->err);
	if (status == STATUS_OK) {
		status = pump_entries(fixture, from, snapshot, to, restore);
		to->restore_report(restore, &fixture->report);
		to->restore_close(restore);
	}

	enum status close_status = from->close(snapshot, &close_error);

	if (status == STATUS_OK && close_status != STATUS_OK) {
		status = close_status;
		fixture->err = close_error;
	}
	return status;
}

static void assert_ok(struct snapshot_fixture *fixture, enum status status)
{
	char text[1024];

	if (status != STATUS_OK)
		fail_msg("%s", error_text(&fixture->err, text, sizeof(text)));
}

void assert_round_trip(struct snapshot_fixture *fixture, unsigned flags)
{
	assert_ok(fixture, pump(fixture, &snapshot_directory_driver, &snapshot_directory_driver));
	assert_int_equal(tree_compare(fixture->source, fixture->target, flags, stderr), 0);
}

bool next_entry(struct snapshot_fixture *fixture, struct snapshot *snapshot,
		struct snapshot_entry *entry)
{
	bool end;

	assert_ok(fixture, snapshot_directory_driver.next(snapshot, entry, &end, &fixture->err));
	return !end;
}

struct snapshot *open_directory(struct snapshot_fixture *fixture)
{
	struct snapshot *snapshot = NULL;

	assert_ok(fixture, snapshot_directory_driver.open(&fixture->settings, fixture->cancel,
							  &snapshot, &fixture->err));
	return snapshot;
}

void close_directory(struct snapshot_fixture *fixture, struct snapshot *snapshot)
{
	assert_ok(fixture, snapshot_directory_driver.close(snapshot, &fixture->err));
}

struct snapshot_entry *find_entry(struct snapshot_fixture *fixture, const char *path)
{
	struct snapshot *snapshot = open_directory(fixture);
	struct snapshot_entry *found = NULL;
	struct snapshot_entry entry;

	while (found == NULL && next_entry(fixture, snapshot, &entry)) {
		if (strcmp(entry.path, path) == 0)
			assert_ok(fixture, snapshot_entry_copy(&entry, &found, &fixture->err));
	}
	close_directory(fixture, snapshot);
	return found;
}

struct restore *open_restore(struct snapshot_fixture *fixture)
{
	struct restore *restore = NULL;

	assert_ok(fixture,
		  snapshot_directory_driver.restore_open(&fixture->target_settings, fixture->cancel,
							 &restore, &fixture->err));
	return restore;
}

enum status put_entry(struct snapshot_fixture *fixture, struct restore *restore,
		      const struct snapshot_entry *entry, const char *content)
{
	const struct snapshot_driver *driver = &snapshot_directory_driver;
	enum status status = driver->begin_entry(restore, entry, &fixture->err);

	if (status == STATUS_OK && content != NULL)
		status = driver->write(restore, content, strlen(content), &fixture->err);
	if (status == STATUS_OK)
		status = driver->end_entry(restore, &fixture->err);
	return status;
}
