/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories that a service made, taken apart by the tests. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/run_program.h"
#include "fake/tree_compare.h"

#include "recover_fixture.h"

#define FILE_MAX (64u << 20)

static void must_be_ok(enum status status, const struct error *err)
{
	char text[1024];
	if (status != STATUS_OK)
		fail_msg("%s", error_text(err, text, sizeof text));
}

static char *text_join(const char *directory, const char *name)
{
	char *path = file_join(directory, name);
	assert_non_null(path);
	return path;
}

/* --- making --- */

void recover_fixture_change(struct recover_fixture *fixture, unsigned seed)
{
	char name[32];
	service_fixture_write(fixture->service, "changing", 150000, seed);
	(void)snprintf(name, sizeof name, "new-%u", seed);
	service_fixture_write(fixture->service, name, 40000 + seed, seed + 100);
	(void)snprintf(name, sizeof name, "new-%u", seed - 2);
	AUTO_FREE char *gone = text_join(fixture->service->source_path, name);
	(void)unlink(gone);
}

/* The records outlive what the tests do to the share. */
static void keep_backups(struct recover_fixture *fixture, size_t count)
{
	const struct recover_backup *backups;
	size_t found;
	struct error err;
	struct recover_source *source = service_fixture_source(fixture->service);
	must_be_ok(recover_list(source, &backups, &found, &err), &err);
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++) {
		struct buffer bytes;
		fixture->backups[i] = backups[i];
		fixture->backups[i].record = NULL;
		AUTO_FREE char *path = recover_folder_file(fixture, i, ARCHIVE_RECORD_FILE);
		recover_file_get(fixture, path, &bytes);
		must_be_ok(archive_record_parse(bytes.data, bytes.length,
						&fixture->backups[i].record, &err),
			   &err);
		buffer_done(&bytes);
	}
	recover_source_close(source);
}

struct recover_fixture *recover_fixture_new(size_t count, const char *engine_settings)
{
	struct recover_fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->service = service_fixture_new(NULL, engine_settings);
	service_fixture_start(fixture->service);
	service_fixture_configure(fixture->service);
	/* Every file is older than the granularity of the stat cache. */
	fixture->service->clock_offset = 10000;
	service_fixture_write(fixture->service, "constant", 300000, 1);
	service_fixture_write(fixture->service, "empty", 0, 1);
	for (unsigned i = 0; i < count; i++) {
		recover_fixture_change(fixture, i + 10);
		char name[32];
		(void)snprintf(name, sizeof name, "source-%u", i);
		recover_copy(fixture, "source", name);
		service_fixture_back_up(fixture->service);
	}
	fixture->key = service_fixture_key(fixture->service);
	keep_backups(fixture, count);
	return fixture;
}

void recover_fixture_free(struct recover_fixture *fixture)
{
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		archive_record_free(fixture->backups[i].record);
	private_key_free(fixture->key);
	service_fixture_free(fixture->service);
	free(fixture);
}

/* --- files of the share --- */

static void add_path(struct recover_paths *paths, const char *path)
{
	char **items = reallocarray(paths->items, paths->count + 1, sizeof *items);
	assert_non_null(items);
	paths->items = items;
	items[paths->count] = strdup(path);
	assert_non_null(items[paths->count++]);
}

/* What keeps writers apart, or room, is of no use to readers. */
static bool is_of_writers(const char *name)
{
	return text_starts_with(name, ARCHIVE_LEASES "/") ||
	       text_starts_with(name, ARCHIVE_SEQUENCE "/") ||
	       text_starts_with(name, ARCHIVE_SERVICE "/") ||
	       strcmp(name, ARCHIVE_RESERVE_FILE) == 0;
}

static void list_folder(const char *root, const char *folder, struct recover_paths *paths)
{
	AUTO_FREE char *path = folder[0] != '\0' ? text_join(root, folder) : strdup(root);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		AUTO_FREE char *name = folder[0] != '\0' ? text_join(folder, entry->d_name)
							 : strdup(entry->d_name);
		assert_non_null(name);
		if (entry->d_type == DT_DIR)
			list_folder(root, name, paths);
		else if (!is_of_writers(name))
			add_path(paths, name);
	}
	(void)closedir(directory);
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

void recover_paths_list(const struct recover_fixture *fixture, struct recover_paths *out)
{
	memset(out, 0, sizeof *out);
	list_folder(fixture->service->share_path, "", out);
	assert_true(out->count > 0);
	qsort(out->items, out->count, sizeof *out->items, compare_texts);
}

void recover_paths_done(struct recover_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i]);
	free(paths->items);
}

void recover_file_get(const struct recover_fixture *fixture, const char *path, struct buffer *out)
{
	struct error err;
	AUTO_FREE char *full = text_join(fixture->service->share_path, path);
	buffer_init(out, FILE_MAX);
	must_be_ok(file_read(full, FILE_MAX - 1, out, &err), &err);
}

void recover_file_put(const struct recover_fixture *fixture, const char *path,
		      const struct buffer *bytes)
{
	struct error err;
	AUTO_FREE char *full = text_join(fixture->service->share_path, path);
	must_be_ok(file_write(full, 0600, true, bytes->data, bytes->length, &err), &err);
}

void recover_file_remove(const struct recover_fixture *fixture, const char *path)
{
	AUTO_FREE char *full = text_join(fixture->service->share_path, path);
	assert_int_equal(unlink(full), 0);
}

char *recover_folder(const struct recover_fixture *fixture, size_t index)
{
	return text_join(ARCHIVE_BACKUPS, fixture->backups[index].folder);
}

char *recover_folder_file(const struct recover_fixture *fixture, size_t index, const char *file)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(fixture->backups[index].folder, file, name);
	char *copy = strdup(name);
	assert_non_null(copy);
	return copy;
}

/* --- trees --- */

static void run(const struct recover_fixture *fixture, const char *const arguments[])
{
	struct buffer output;
	char *copies[8] = { NULL };
	buffer_init(&output, 1u << 20);
	for (size_t i = 0; arguments[i] != NULL; i++) {
		assert_true(i + 1 < ARRAY_LENGTH(copies));
		copies[i] = strdup(arguments[i]);
	}
	int result = run_program(fixture->service->folder, copies, &output);
	if (result != 0)
		print_error("%s\n", (const char *)output.data);
	assert_int_equal(result, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(copies); i++)
		free(copies[i]);
	buffer_done(&output);
}

void recover_copy(const struct recover_fixture *fixture, const char *from, const char *to)
{
	const char *const arguments[] = { "cp", "-a", "--", from, to, NULL };
	run(fixture, arguments);
}

void recover_move(const struct recover_fixture *fixture, const char *from, const char *to)
{
	const char *const arguments[] = { "mv", "-T", "--", from, to, NULL };
	run(fixture, arguments);
}

void recover_remove(const struct recover_fixture *fixture, const char *path)
{
	const char *const arguments[] = { "rm", "-rf", "--", path, NULL };
	run(fixture, arguments);
}

void recover_share_save(const struct recover_fixture *fixture, const char *name)
{
	recover_copy(fixture, "share", name);
}

void recover_share_restore(const struct recover_fixture *fixture, const char *name)
{
	recover_remove(fixture, "share");
	recover_copy(fixture, name, "share");
}

/* --- reading back --- */

struct opened {
	struct share_registry shares;
	struct share_address address;
	struct share_options options;
	struct recover_source *source;
};

static void open_share(const struct recover_fixture *fixture,
		       const struct recover_expected *expected, struct opened *opened)
{
	struct error err;
	share_registry_init(&opened->shares);
	must_be_ok(
		share_address_parse(fixture->service->share_path, "share", &opened->address, &err),
		&err);
	opened->options = (struct share_options) { .address = &opened->address, .deadline = 60000 };
	const struct recover_settings settings = {
		.shares = &opened->shares,
		.share = &opened->options,
		.signer = expected != NULL ? expected->signer : NULL,
		.head = expected != NULL ? expected->head : NULL,
		.threads = 2,
	};
	opened->source = NULL;
	must_be_ok(recover_source_open(&settings, &opened->source, &err), &err);
}

void recover_verify_all(const struct recover_fixture *fixture,
			const struct recover_expected *expected, bool with_key,
			struct recover_verify_result *out)
{
	struct error err;
	struct opened opened;
	const struct private_key *key = with_key ? fixture->key : NULL;
	open_share(fixture, expected, &opened);
	must_be_ok(recover_verify(opened.source, NULL, key, with_key, out, &err), &err);
	recover_source_close(opened.source);
}

const struct recover_finding *recover_finding_at(const struct recover_findings *findings,
						 const char *path, bool is_fatal)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->items[i].path, path) == 0 &&
		    findings->items[i].is_fatal == is_fatal)
			return &findings->items[i];
	return NULL;
}

void recover_findings_print(const struct recover_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		print_message("  %s %s: %s\n", findings->items[i].is_fatal ? "fatal" : "note ",
			      findings->items[i].path, findings->items[i].text);
}

enum status recover_into_folder(const struct recover_fixture *fixture,
				const struct recover_expected *expected, const char *backup,
				struct error *err)
{
	struct opened opened;
	struct recover_result result;
	AUTO_FREE char *folder = text_join(fixture->service->folder, "recovered");
	struct recover_options options = { .key = fixture->key, .directory = folder };
	memset(&result, 0, sizeof result);
	recover_remove(fixture, "recovered");
	open_share(fixture, expected, &opened);
	enum status status = recover_find(opened.source, backup, &options.backup, err);
	if (status == STATUS_OK)
		status = recover_run(opened.source, &options, &result, err);
	recover_result_done(&result);
	recover_source_close(opened.source);
	return status;
}

bool recover_wrote_something(const struct recover_fixture *fixture)
{
	AUTO_FREE char *folder = text_join(fixture->service->folder, "recovered");
	AUTO_CLOSEDIR directory = opendir(folder);
	size_t entries = 0;
	while (directory != NULL && readdir(directory) != NULL)
		entries++;
	return entries > 2;
}

unsigned recover_compare(const struct recover_fixture *fixture, const char *source_copy)
{
	AUTO_FREE char *left = text_join(fixture->service->folder, source_copy);
	AUTO_FREE char *right = text_join(fixture->service->folder, "recovered/Data");
	return tree_compare(left, right, 0, stderr);
}
