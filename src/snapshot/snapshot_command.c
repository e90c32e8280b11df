/* SPDX-License-Identifier: Apache-2.0 */
/* The command provider: a program's output is the snapshot, another program takes it back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "infrabackup/snapshot.h"

#include "snapshot_process.h"
#include "snapshot_spool.h"

#define FEED_SIZE 65536

struct snapshot {
	struct snapshot_process *process;
	const char *entry_name;
	int64_t started_ns;
	bool yielded;
	bool opened;
};

struct snapshot_file {
	struct snapshot_process *process;
};

struct restore {
	const struct snapshot_settings *settings;
	struct snapshot_spool spool;
};

static enum status command_open(const struct snapshot_settings *settings,
				const struct cancel *cancel, struct snapshot **out,
				struct error *err)
{
	struct timespec now;

	if (settings->command == NULL || settings->command[0] == NULL)
		return fail_field(err, "command", "it is empty; a program is needed");

	AUTO_FREE struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL)
		return fail_memory(err, "start program");
	(void)clock_gettime(CLOCK_REALTIME, &now);
	snapshot->started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	snapshot->entry_name = settings->entry_name == NULL ? "output" : settings->entry_name;

	enum status status =
		snapshot_process_start(settings->command, SNAPSHOT_PROCESS_READ, settings->timeout,
				       cancel, &snapshot->process, err);

	if (status == STATUS_OK)
		*out = TAKE(snapshot);
	return status;
}

static enum status command_next(struct snapshot *snapshot, struct snapshot_entry *entry, bool *end,
				struct error *err)
{
	(void)err;
	*end = snapshot->yielded;
	snapshot->yielded = true;
	if (!*end)
		*entry = (struct snapshot_entry) {
			.path = snapshot->entry_name,
			.type = SNAPSHOT_FILE,
			.mode = 0600,
			.user_id = geteuid(),
			.group_id = getegid(),
			.modified_ns = snapshot->started_ns,
		};
	return STATUS_OK;
}

static enum status command_open_file(struct snapshot *snapshot, const struct snapshot_entry *entry,
				     struct snapshot_file **out, struct error *err)
{
	if (snapshot->opened)
		return fail(err, STATUS_CONFLICT, "open file", entry->path,
			    "a program's output can be read only once");

	struct snapshot_file *file = malloc(sizeof(*file));

	if (file == NULL)
		return fail_memory(err, "open file");
	file->process = snapshot->process;
	snapshot->opened = true;
	*out = file;
	return STATUS_OK;
}

static enum status command_read(struct snapshot_file *file, void *data, size_t length, size_t *got,
				uint64_t *hole, struct error *err)
{
	*hole = 0;
	return snapshot_process_read(file->process, data, length, got, err);
}

static void command_close_file(struct snapshot_file *file, bool *changed)
{
	*changed = false;
	free(file);
}

static enum status command_close(struct snapshot *snapshot, struct error *err)
{
	enum status status = snapshot_process_finish(snapshot->process, err);

	snapshot_process_free(snapshot->process);
	free(snapshot);
	return status;
}

/* A file without a name: nothing of it stays, however we end. */
static enum status open_spool(const char *directory, int *out, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, "restore-XXXXXX");

	if (path == NULL)
		return fail_memory(err, "make intermediate file");

	int descriptor = mkostemp(path, O_CLOEXEC);

	if (descriptor < 0)
		return fail_errno(err, STATUS_FAILED, "make intermediate file", directory);
	(void)unlink(path);
	*out = descriptor;
	return STATUS_OK;
}

static enum status command_restore_open(const struct snapshot_settings *settings,
					const struct cancel *cancel, struct restore **out,
					struct error *err)
{
	AUTO_CLOSE descriptor = -1;

	if (settings->restore_command == NULL || settings->restore_command[0] == NULL)
		return fail(err, STATUS_UNSUPPORTED, "restore service", settings->role,
			    "no restoreCommand is configured for this role");

	enum status status = open_spool(settings->temporary_directory, &descriptor, err);

	if (status != STATUS_OK)
		return status;

	struct restore *restore = malloc(sizeof(*restore));

	if (restore == NULL)
		return fail_memory(err, "restore service");
	restore->settings = settings;
	snapshot_spool_init(&restore->spool, TAKE_DESCRIPTOR(descriptor), cancel);
	*out = restore;
	return STATUS_OK;
}

static enum status command_begin_entry(struct restore *restore, const struct snapshot_entry *entry,
				       struct error *err)
{
	return snapshot_spool_begin(&restore->spool, entry, err);
}

static enum status command_write(struct restore *restore, const void *data, size_t length,
				 struct error *err)
{
	return snapshot_spool_write(&restore->spool, data, length, err);
}

static enum status command_hole(struct restore *restore, uint64_t length, struct error *err)
{
	return snapshot_spool_hole(&restore->spool, length, err);
}

static enum status command_end_entry(struct restore *restore, struct error *err)
{
	return snapshot_spool_end(&restore->spool, err);
}

static enum status feed(int spool, struct snapshot_process *process, struct error *err)
{
	AUTO_FREE char *data = malloc(FEED_SIZE);

	if (data == NULL)
		return fail_memory(err, "feed program");
	for (off_t at = 0;;) {
		ssize_t count = pread(spool, data, FEED_SIZE, at);

		if (count < 0)
			return fail_errno(err, STATUS_FAILED, "read intermediate file", NULL);
		if (count == 0)
			return snapshot_process_finish(process, err);

		enum status status = snapshot_process_write(process, data, (size_t)count, err);

		if (status != STATUS_OK)
			return status;
		at += count;
	}
}

static enum status command_commit(struct restore *restore, struct error *err)
{
	struct snapshot_process *process;
	const struct snapshot_settings *settings = restore->settings;
	enum status status = snapshot_spool_check(&restore->spool, err);

	if (status == STATUS_OK)
		status = snapshot_process_start(settings->restore_command, SNAPSHOT_PROCESS_FEED,
						settings->timeout, restore->spool.cancel, &process,
						err);
	if (status != STATUS_OK)
		return status;
	status = feed(restore->spool.sink.descriptor, process, err);
	snapshot_process_free(process);
	return status;
}

static void command_restore_report(const struct restore *restore, struct restore_report *out)
{
	*out = restore->spool.report;
}

static void command_restore_close(struct restore *restore)
{
	if (restore == NULL)
		return;
	snapshot_spool_done(&restore->spool);
	(void)close(restore->spool.sink.descriptor);
	free(restore);
}

const struct snapshot_driver snapshot_command_driver = {
	.name = "command",
	.open = command_open,
	.next = command_next,
	.open_file = command_open_file,
	.read = command_read,
	.close_file = command_close_file,
	.close = command_close,
	.restore_open = command_restore_open,
	.begin_entry = command_begin_entry,
	.write = command_write,
	.hole = command_hole,
	.end_entry = command_end_entry,
	.commit = command_commit,
	.restore_report = command_restore_report,
	.restore_close = command_restore_close,
};
