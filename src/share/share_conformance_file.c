/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders: made, refused, read by both connections, listed. */
#include <stdio.h>
#include <string.h>

#include "share_conformance_private.h"

#define FIRST_FILE "first-file"
#define FIRST_NUMBER 1
#define FIRST_SIZE ((size_t)70000)
#define MANY 300
/* A share far away is not asked for all of them. */
#define MANY_TIME 8000
#define MANY_LEAST 50

enum status conformance_folder(struct conformance *run, struct share_check *check,
			       struct error *err)
{
	const char *folder = run->report->folder;

	/* Before it is made: a call that is cut short may have made it. */
	run->has_folder = true;
	enum status status = share_make_directory(run->first, folder, err);
	if (status != STATUS_OK)
		return status;
	status = conformance_refused(share_make_directory(run->first, folder, err), STATUS_EXISTS,
				     folder, "the share makes a folder that is there already", err);
	return status != STATUS_OK ? status : conformance_pass(check, "%s", folder);
}

enum status conformance_create(struct conformance *run, struct share_check *check,
			       struct error *err)
{
	enum status status =
		conformance_write(run, run->first, FIRST_FILE, FIRST_NUMBER, FIRST_SIZE, err);

	return status != STATUS_OK ? status : conformance_pass(check, "%zu bytes", FIRST_SIZE);
}

enum status conformance_read_back(struct conformance *run, struct share_check *check,
				  struct error *err)
{
	enum status status =
		conformance_compare(run, run->first, FIRST_FILE, FIRST_NUMBER, FIRST_SIZE, err);

	return status != STATUS_OK ? status : conformance_pass(check, "%zu bytes", FIRST_SIZE);
}

enum status conformance_read_elsewhere(struct conformance *run, struct share_check *check,
				       struct error *err)
{
	enum status status = conformance_write(run, run->first, "seen-elsewhere", 2, 1000, err);

	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "seen-elsewhere", 2, 1000, err);
	return status != STATUS_OK ? status : conformance_pass(check, "1000 bytes, at once");
}

enum status conformance_create_existing(struct conformance *run, struct share_check *check,
					struct error *err)
{
	static const char name[] = "existing";
	char path[SHARE_NAME_SIZE];
	struct share_file *file = NULL;
	enum status status = conformance_write(run, run->first, name, 6, 3000, err);

	if (status != STATUS_OK)
		return status;
	status = share_create(run->first, conformance_path(run, name, path), &file, err);
	if (status == STATUS_OK)
		status_ignore(share_close_file(file, NULL));
	status = conformance_refused(status, STATUS_EXISTS, name,
				     "the share creates a file that is there already", err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->first, name, 6, 3000, err);
	return status != STATUS_OK ? status : conformance_pass(check, "refused, nothing changed");
}

enum status conformance_empty(struct conformance *run, struct share_check *check, struct error *err)
{
	enum status status = conformance_write(run, run->first, "empty", 3, 0, err);

	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "empty", 3, 0, err);
	return status != STATUS_OK ? status : conformance_pass(check, "0 bytes");
}

static enum status look_for(const struct conformance *run, const char *folder, const char *name,
			    bool is_directory, uint64_t size, struct error *err)
{
	struct conformance_seen seen = { .name = name };
	enum status status = conformance_look(run, run->second, folder, &seen, err);

	if (status != STATUS_OK)
		return status;
	if (seen.count != 1)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, name,
			    "it is there, but the folder lists it %zu times", seen.count);
	if (seen.is_directory != is_directory)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, name,
			    "the folder lists it as a %s", seen.is_directory ? "folder" : "file");
	if (!is_directory && seen.size != size)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, name,
			    "the folder lists it with %llu bytes, it has %llu",
			    (unsigned long long)seen.size, (unsigned long long)size);
	return STATUS_OK;
}

enum status conformance_list(struct conformance *run, struct share_check *check, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	enum status status = conformance_write(run, run->first, "listed-file", 4, 12345, err);

	if (status == STATUS_OK)
		status = share_make_directory(run->first,
					      conformance_path(run, "listed-folder", path), err);
	if (status == STATUS_OK)
		status = look_for(run, "", "listed-file", false, 12345, err);
	if (status == STATUS_OK)
		status = look_for(run, "", "listed-folder", true, 0, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "names, sizes and kinds are right");
}

/* What is flushed must survive the writer; that others see it before the close is only asked. */
enum status conformance_flush(struct conformance *run, struct share_check *check, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	unsigned char data[4000];
	struct share_file *file;
	struct error seen = { .status = STATUS_OK };

	conformance_fill(run, 5, 0, data, sizeof(data));
	enum status status =
		share_create(run->first, conformance_path(run, "flushed", path), &file, err);
	if (status != STATUS_OK)
		return status;
	status = share_write(file, data, sizeof(data), err);
	if (status == STATUS_OK)
		status = share_flush(file, err);
	if (status == STATUS_OK)
		status_ignore(
			conformance_compare(run, run->second, "flushed", 5, sizeof(data), &seen));
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	if (status != STATUS_OK || closed != STATUS_OK)
		return status != STATUS_OK ? status : closed;
	if (conformance_is_fatal(seen.status)) {
		*err = seen;
		return seen.status;
	}
	if (seen.status != STATUS_OK)
		return conformance_warn(check, "flushed, but not seen before it is closed: %s",
					seen.message);
	return conformance_pass(check, "flushed, and seen before it is closed");
}

enum status conformance_read_together(struct conformance *run, struct share_check *check,
				      struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file;
	enum status status = share_open_read(run->first, conformance_path(run, FIRST_FILE, path),
					     &file, NULL, err);

	if (status != STATUS_OK)
		return status;
	status = conformance_compare(run, run->second, FIRST_FILE, FIRST_NUMBER, FIRST_SIZE, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	if (status != STATUS_OK || closed != STATUS_OK)
		return status != STATUS_OK ? status : closed;
	return conformance_pass(check, "while the other holds it open");
}

/* --- many files --- */

static const char *many_name(const struct conformance *run, unsigned i, char path[SHARE_NAME_SIZE])
{
	char name[32];

	(void)snprintf(name, sizeof(name), "many/%04u", i);
	return conformance_path(run, name, path);
}

static enum status make_many(const struct conformance *run, unsigned *count, struct error *err)
{
	int64_t end = clock_monotonic(&system_clock) + MANY_TIME;
	char path[SHARE_NAME_SIZE];

	for (*count = 0; *count < MANY; ++*count) {
		struct share_file *file;

		if (*count >= MANY_LEAST && clock_monotonic(&system_clock) > end)
			break;
		enum status status =
			share_create(run->first, many_name(run, *count, path), &file, err);
		if (status == STATUS_OK)
			status = share_close_file(file, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

struct many_seen {
	unsigned count[MANY];
	size_t strangers;
};

static enum status count_many(const struct share_entry *entry, void *context, struct error *err)
{
	struct many_seen *seen = context;
	char *end;
	unsigned long number = strtoul(entry->name, &end, 10);

	(void)err;
	if (*end != '\0' || strlen(entry->name) != 4 || number >= MANY)
		seen->strangers++;
	else
		seen->count[number]++;
	return STATUS_OK;
}

enum status conformance_many(struct conformance *run, struct share_check *check, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct many_seen seen = { .strangers = 0 };
	unsigned count = 0;
	enum status status =
		share_make_directory(run->first, conformance_path(run, "many", path), err);

	if (status == STATUS_OK)
		status = make_many(run, &count, err);
	if (status == STATUS_OK)
		status = share_list(run->second, conformance_path(run, "many", path), count_many,
				    &seen, err);
	if (status != STATUS_OK)
		return status;
	for (unsigned i = 0; i < MANY; i++)
		if (seen.count[i] != (i < count ? 1 : 0))
			return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, "many",
				    "of %u files, number %u is listed %u times", count, i,
				    seen.count[i]);
	if (seen.strangers > 0)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, "many",
			    "%zu names are listed that nobody made", seen.strangers);
	/* Here, where their number is known to fit the time; the clean-up has less of it. */
	status = share_remove_tree(run->first, path, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "%u files, each listed once", count);
}

/* --- cancel --- */

static enum status write_cancelled(struct conformance *run, struct cancel *cancel, int64_t *took,
				   struct error *err)
{
	struct share_options options = run->options;
	char path[SHARE_NAME_SIZE];
	struct share *share = NULL;
	struct share_file *file;

	options.cancel = cancel;
	enum status status = share_open(run->settings->shares, &options, &share, err);
	if (status != STATUS_OK)
		return status;
	status = share_create(share, conformance_path(run, "cancelled", path), &file, err);
	if (status == STATUS_OK) {
		cancel_request(cancel);
		int64_t start = clock_monotonic(run->clock);
		status = conformance_refused(share_write(file, "data", 4, err), STATUS_CANCELLED,
					     "cancelled", "a write goes on after it was cancelled",
					     err);
		status_ignore(share_close_file(file, NULL));
		*took = clock_monotonic(run->clock) - start;
	}
	share_close(share);
	return status;
}

enum status conformance_cancel(struct conformance *run, struct share_check *check,
			       struct error *err)
{
	struct cancel *cancel = cancel_new();
	int64_t took = 0;

	if (cancel == NULL)
		return fail_memory(err, CONFORMANCE_STEP);
	enum status status = write_cancelled(run, cancel, &took, err);
	cancel_free(cancel);
	if (status != STATUS_OK)
		return status;
	if (took > SHARE_CLEANUP_GRACE)
		return conformance_warn(check, "it took %lld ms to end", (long long)took);
	return conformance_pass(check, "within %lld ms", (long long)took);
}
