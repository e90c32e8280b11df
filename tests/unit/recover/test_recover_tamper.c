/* SPDX-License-Identifier: Apache-2.0 */
/* Every file of a repository is damaged in every way: verification names it, and a backup that
 * needs it is not recovered. */
#include <stdio.h>
#include <string.h>

#include "recover_fixture.h"

enum damage {
	FLIP_FIRST,
	FLIP_MIDDLE,
	FLIP_LAST,
	TRUNCATE_ALL,
	TRUNCATE_ONE,
	APPEND_ZERO,
	APPEND_NEWLINE,
	REMOVE,
	SWAP_SAME_KIND,
	SWAP_OTHER_KIND,
	DAMAGE_COUNT
};

static const char *const damage_names[DAMAGE_COUNT] = {
	"first byte flipped",    "middle byte flipped",
	"last byte flipped",     "truncated to nothing",
	"truncated by one",      "zero appended",
	"newline appended",      "removed",
	"swapped with its like", "swapped with another kind",
};

/* What is done now: one file, or two that were swapped. */
struct tampered {
	const struct recover_fixture *fixture;
	const char *path;
	const char *other; /* NULL: no swap */
	enum damage damage;
};

static int setup(void **state)
{
	*state = recover_fixture_new(RECOVER_BACKUPS, NULL);
	return 0;
}

static int teardown(void **state)
{
	recover_fixture_free(*state);
	return 0;
}

static const char *kind_of(const char *path)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	return dot != NULL && dot > slash ? dot : slash;
}

static bool is_marker(const char *path)
{
	return strstr(path, "repository.json") != NULL;
}

/* The next file after @index of the same or another kind, going round; the two markers are equal,
 * so swapping them is nothing. */
static const char *find_partner(const struct recover_paths *paths, size_t index, bool same)
{
	const char *path = paths->items[index];
	for (size_t i = 1; i < paths->count; i++) {
		const char *other = paths->items[(index + i) % paths->count];
		if (is_marker(path) && is_marker(other))
			continue;
		if ((strcmp(kind_of(path), kind_of(other)) == 0) == same)
			return other;
	}
	return NULL;
}

static bool needs_pack(const struct archive_record *record, const char *path)
{
	char name[ARCHIVE_NAME_SIZE];
	for (size_t i = 0; i < record->pack_count; i++) {
		archive_pack_name(record->generation, record->packs[i].sha256, name);
		if (strcmp(name, path) == 0)
			return true;
	}
	return false;
}

static bool needs(const struct recover_backup *backup, const char *path)
{
	const struct archive_record *record = backup->record;
	char name[ARCHIVE_NAME_SIZE];
	if (is_marker(path) || strstr(path, backup->folder) != NULL || needs_pack(record, path))
		return true;
	for (size_t i = 0; i < record->session_count; i++) {
		archive_session_name(record->generation, record->sessions[i].session_id, name);
		if (strcmp(name, path) == 0)
			return true;
	}
	for (size_t i = 0; i < record->recipient_count; i++) {
		archive_certificate_name(record->recipients[i].thumbprint, name);
		if (strcmp(name, path) == 0)
			return true;
	}
	return false;
}

static void change_bytes(struct buffer *bytes, enum damage damage)
{
	size_t at = damage == FLIP_FIRST  ? 0
		    : damage == FLIP_LAST ? bytes->length - 1
					  : bytes->length / 2;
	assert_true(bytes->length > 0);
	switch (damage) {
	case FLIP_FIRST:
	case FLIP_MIDDLE:
	case FLIP_LAST:
		bytes->data[at] ^= 0x20;
		break;
	case TRUNCATE_ALL:
		bytes->length = 0;
		break;
	case TRUNCATE_ONE:
		bytes->length--;
		break;
	default:
		assert_int_equal(
			buffer_append(bytes, damage == APPEND_NEWLINE ? "\n" : "\0", 1, NULL),
			STATUS_OK);
		break;
	}
}

static void tamper(const struct tampered *tampered, const struct buffer *bytes,
		   const struct buffer *other_bytes)
{
	struct buffer changed;
	if (tampered->other != NULL) {
		recover_file_put(tampered->fixture, tampered->path, other_bytes);
		recover_file_put(tampered->fixture, tampered->other, bytes);
		return;
	}
	if (tampered->damage == REMOVE) {
		recover_file_remove(tampered->fixture, tampered->path);
		return;
	}
	buffer_init(&changed, bytes->length + 2);
	assert_int_equal(buffer_append(&changed, bytes->data, bytes->length, NULL), STATUS_OK);
	change_bytes(&changed, tampered->damage);
	recover_file_put(tampered->fixture, tampered->path, &changed);
	buffer_done(&changed);
}

static void describe(const struct tampered *tampered, const char *what)
{
	fail_msg("%s, %s%s%s: %s", tampered->path, damage_names[tampered->damage],
		 tampered->other != NULL ? " with " : "",
		 tampered->other != NULL ? tampered->other : "", what);
}

static void check_verify(const struct tampered *tampered, bool with_key)
{
	struct recover_verify_result result;
	recover_verify_all(tampered->fixture, NULL, with_key, &result);
	if (recover_finding_at(&result.findings, tampered->path, true) == NULL &&
	    (tampered->other == NULL ||
	     recover_finding_at(&result.findings, tampered->other, true) == NULL)) {
		recover_findings_print(&result.findings);
		describe(tampered, "no fatal finding names it");
	}
	recover_verify_result_done(&result);
}

static void check_recover(const struct tampered *tampered, size_t index)
{
	const struct recover_backup *backup = &tampered->fixture->backups[index];
	bool needed = needs(backup, tampered->path) ||
		      (tampered->other != NULL && needs(backup, tampered->other));
	struct error err;
	char name[32], text[1024];
	/* What is not needed is not looked at, however it was damaged. */
	if (!needed && tampered->damage != REMOVE && tampered->damage != SWAP_OTHER_KIND)
		return;
	enum status status = recover_into_folder(tampered->fixture, NULL, backup->backup_id, &err);
	if (needed && status != STATUS_INTEGRITY)
		describe(tampered, status == STATUS_OK ? "a backup that needs it was recovered"
						       : error_text(&err, text, sizeof text));
	if (needed && recover_wrote_something(tampered->fixture))
		describe(tampered, "something was written");
	if (!needed && status != STATUS_OK)
		describe(tampered, error_text(&err, text, sizeof text));
	(void)snprintf(name, sizeof name, "source-%zu", index);
	if (!needed)
		assert_int_equal(recover_compare(tampered->fixture, name), 0);
}

static void check_one(const struct tampered *tampered)
{
	struct buffer bytes, other_bytes;
	recover_file_get(tampered->fixture, tampered->path, &bytes);
	memset(&other_bytes, 0, sizeof other_bytes);
	if (tampered->other != NULL)
		recover_file_get(tampered->fixture, tampered->other, &other_bytes);
	tamper(tampered, &bytes, &other_bytes);
	check_verify(tampered, false);
	check_verify(tampered, true);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		check_recover(tampered, i);
	recover_file_put(tampered->fixture, tampered->path, &bytes);
	if (tampered->other != NULL)
		recover_file_put(tampered->fixture, tampered->other, &other_bytes);
	buffer_done(&bytes);
	buffer_done(&other_bytes);
}

static void check_damage(void **state, enum damage damage)
{
	struct tampered tampered = { .fixture = *state, .damage = damage };
	struct recover_paths paths;
	struct recover_verify_result result;
	recover_paths_list(tampered.fixture, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		tampered.path = paths.items[i];
		tampered.other = NULL;
		if (damage == SWAP_SAME_KIND || damage == SWAP_OTHER_KIND)
			tampered.other = find_partner(&paths, i, damage == SWAP_SAME_KIND);
		if (tampered.other != NULL || damage < SWAP_SAME_KIND)
			check_one(&tampered);
	}
	/* Everything was put back. */
	recover_verify_all(tampered.fixture, NULL, true, &result);
	assert_int_equal(result.findings.fatal_count, 0);
	assert_int_equal(result.backups, RECOVER_BACKUPS);
	recover_verify_result_done(&result);
	recover_paths_done(&paths);
}

static void test_recover_of_any_file_with_its_first_byte_flipped_is_refused(void **state)
{
	check_damage(state, FLIP_FIRST);
}

static void test_recover_of_any_file_with_a_middle_byte_flipped_is_refused(void **state)
{
	check_damage(state, FLIP_MIDDLE);
}

static void test_recover_of_any_file_with_its_last_byte_flipped_is_refused(void **state)
{
	check_damage(state, FLIP_LAST);
}

static void test_recover_of_any_file_truncated_to_nothing_is_refused(void **state)
{
	check_damage(state, TRUNCATE_ALL);
}

static void test_recover_of_any_file_truncated_by_one_is_refused(void **state)
{
	check_damage(state, TRUNCATE_ONE);
}

static void test_recover_of_any_file_with_a_byte_appended_is_refused(void **state)
{
	check_damage(state, APPEND_ZERO);
	check_damage(state, APPEND_NEWLINE);
}

static void test_recover_of_any_file_removed_is_refused(void **state)
{
	check_damage(state, REMOVE);
}

static void test_recover_of_any_file_swapped_with_its_like_is_refused(void **state)
{
	check_damage(state, SWAP_SAME_KIND);
}

static void test_recover_of_any_file_swapped_with_another_kind_is_refused(void **state)
{
	check_damage(state, SWAP_OTHER_KIND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recover_of_any_file_with_its_first_byte_flipped_is_refused),
		cmocka_unit_test(test_recover_of_any_file_with_a_middle_byte_flipped_is_refused),
		cmocka_unit_test(test_recover_of_any_file_with_its_last_byte_flipped_is_refused),
		cmocka_unit_test(test_recover_of_any_file_truncated_to_nothing_is_refused),
		cmocka_unit_test(test_recover_of_any_file_truncated_by_one_is_refused),
		cmocka_unit_test(test_recover_of_any_file_with_a_byte_appended_is_refused),
		cmocka_unit_test(test_recover_of_any_file_removed_is_refused),
		cmocka_unit_test(test_recover_of_any_file_swapped_with_its_like_is_refused),
		cmocka_unit_test(test_recover_of_any_file_swapped_with_another_kind_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
