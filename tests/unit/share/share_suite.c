/* SPDX-License-Identifier: Apache-2.0 */
/* Running the share suite, and what its parts have in common. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share_suite.h"
#include "share_suite_private.h"

void share_suite_expect(enum status expected, enum status status, const struct error *err,
			const char *what, const char *file, int line)
{
	char text[1024];

	if (status == expected)
		return;
	print_error("%s\n  gave %s, expected %s\n  %s\n", what, status_name(status),
		    status_name(expected),
		    status == STATUS_OK ? "" : error_text(err, text, sizeof(text)));
	_fail(file, line);
}

struct share_suite_path share_suite_at(const struct share_suite_fixture *fixture, const char *name)
{
	struct share_suite_path path;

	(void)snprintf(path.text, sizeof(path.text), "%s/%s", fixture->folder, name);
	return path;
}

struct share *share_suite_open(struct share_suite_fixture *fixture, const struct cancel *cancel)
{
	struct share_options options = fixture->options;
	struct share *share = NULL;

	options.cancel = cancel;
	EXPECT(STATUS_OK, share_open(fixture->registry, &options, &share, &fixture->err));
	return share;
}

void share_suite_write(struct share_suite_fixture *fixture, const char *name, const void *data,
		       size_t length)
{
	struct share_file *file;

	EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, name).text, &file,
				       &fixture->err));
	EXPECT(STATUS_OK, share_write(file, data, length, &fixture->err));
	EXPECT(STATUS_OK, share_flush(file, &fixture->err));
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
}

void share_suite_expect_content(struct share_suite_fixture *fixture, const char *name,
				const void *data, size_t length)
{
	struct buffer content;

	buffer_init(&content, 0);
	EXPECT(STATUS_OK, share_get(fixture->share, share_suite_at(fixture, name).text, length + 1,
				    &content, &fixture->err));
	assert_int_equal(content.length, length);
	assert_memory_equal(content.data, data, length);
	buffer_done(&content);
}

bool share_suite_exists(struct share_suite_fixture *fixture, const char *name)
{
	struct share_file *file;
	uint64_t size;
	enum status status = share_open_read(fixture->share, share_suite_at(fixture, name).text,
					     &file, &size, &fixture->err);

	if (status == STATUS_NOT_FOUND)
		return false;
	EXPECT(STATUS_OK, status);
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
	return true;
}

static enum status count_entry(const struct share_entry *entry, void *context, struct error *err)
{
	size_t *count = context;

	(void)entry;
	(void)err;
	++*count;
	return STATUS_OK;
}

size_t share_suite_count(struct share_suite_fixture *fixture, const char *folder)
{
	size_t count = 0;

	EXPECT(STATUS_OK, share_list(fixture->share, folder, count_entry, &count, &fixture->err));
	return count;
}

int share_suite_setup(void **state)
{
	struct share_suite_fixture *fixture = *state;
	char guid[GUID_TEXT_SIZE];

	guid_generate(guid);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "suite-%s", guid);
	fixture->share = share_suite_open(fixture, NULL);
	EXPECT(STATUS_OK, share_make_directory(fixture->share, fixture->folder, &fixture->err));
	return 0;
}

int share_suite_teardown(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_OK, share_remove_tree(fixture->share, fixture->folder, &fixture->err));
	share_close(fixture->share);
	fixture->share = NULL;
	return 0;
}

static int run_parts(const char *group, struct share_suite_fixture *fixture,
		     const struct share_suite_part *const *parts, size_t part_count)
{
	struct CMUnitTest tests[128];
	size_t count = 0;

	for (size_t part = 0; part < part_count; part++) {
		for (size_t i = 0; i < parts[part]->count; i++) {
			assert_true(count < ARRAY_LENGTH(tests));
			tests[count] = parts[part]->tests[i];
			tests[count++].initial_state = fixture;
		}
	}
	return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

int share_suite_run(const char *group, struct share_suite_fixture *fixture)
{
	static const struct share_suite_part *const parts[] = {
		&share_suite_files,
		&share_suite_folders,
		&share_suite_names,
		&share_suite_faults,
	};

	return run_parts(group, fixture, parts, ARRAY_LENGTH(parts));
}

int share_suite_run_files(const char *group, struct share_suite_fixture *fixture)
{
	static const struct share_suite_part *const parts[] = { &share_suite_files };

	return run_parts(group, fixture, parts, ARRAY_LENGTH(parts));
}
