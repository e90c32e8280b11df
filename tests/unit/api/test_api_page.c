/* SPDX-License-Identifier: Apache-2.0 */
/* Lists page by page, and tokens that were not made for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define BACKUPS API_FIXTURE_LOCATION "/backups"
#define OPERATIONS API_FIXTURE_LOCATION "/operations"
#define ALERTS                                                                                     \
	"/subscriptions/" API_FIXTURE_SUBSCRIPTION                                                 \
	"/resourceGroups/system.north/providers/Microsoft.InfrastructureInsights.Admin/"           \
	"regionHealths/north/alerts"

enum { ITEMS = 5, SEEN_SIZE = 1024 };

static const char base[] = "https://backup.example.com:8443";

static void make_id(char id[GUID_TEXT_SIZE], int number)
{
	(void)snprintf(id, GUID_TEXT_SIZE, "00000000-0000-4000-8000-%012d", number);
}

static void add_backups(struct api_fixture *fixture)
{
	char id[GUID_TEXT_SIZE];

	for (int i = 1; i <= ITEMS; i++) {
		make_id(id, 2 * i);
		api_fixture_add_backup(fixture, id, (uint64_t)i, "Succeeded");
	}
}

static const char *next_link(const struct api_fixture *fixture)
{
	return json_string_value(json_object_get(fixture->json, "nextLink"));
}

static char hex_byte(const char *at)
{
	unsigned char byte = 0;
	const char digits[] = { at[0], at[1], '\0' };

	assert_true(hex_decode(digits, &byte, 1));
	return (char)byte;
}

/* The target of @link, decoded, as the fixture takes it. */
static char *target_of(const char *link)
{
	char *target = strdup(link + strlen(base)), *to = target;

	assert_true(text_starts_with(link, base));
	for (const char *from = target; *from != '\0'; from++)
		if (*from == '%') {
			*to++ = hex_byte(from + 1);
			from += 2;
		} else {
			*to++ = *from;
		}
	*to = '\0';
	return target;
}

static unsigned follow(struct api_fixture *fixture, const char *link)
{
	AUTO_FREE char *target = target_of(link);
	const char *version = fixture->sent_version;

	/* The link has it. */
	fixture->sent_version = NULL;
	unsigned status = api_fixture_call(fixture, "GET", target, NULL);
	fixture->sent_version = version;
	return status;
}

/* Adds the last characters of the page's names to @seen; the number of items. */
static size_t note_names(const struct api_fixture *fixture, char seen[SEEN_SIZE])
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(fixture->json, "value"), i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		size_t used = strlen(seen);

		assert_non_null(name);
		(void)snprintf(seen + used, SEEN_SIZE - used, "%s ", name + strlen(name) - 2);
	}
	return i;
}

static void test_page_links_walk_through_backups(void **state)
{
	struct api_fixture *fixture = *state;
	char seen[SEEN_SIZE] = "", id[GUID_TEXT_SIZE];

	add_backups(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "?$top=2", NULL), 200);
	assert_int_equal(note_names(fixture, seen), 2);
	/* Before the place where the next page begins, and behind it. */
	make_id(id, 1);
	api_fixture_add_backup(fixture, id, 6, "Succeeded");
	make_id(id, 7);
	api_fixture_add_backup(fixture, id, 7, "Succeeded");
	for (size_t pages = 0; next_link(fixture) != NULL; pages++) {
		assert_int_equal(follow(fixture, next_link(fixture)), 200);
		assert_int_equal(note_names(fixture, seen), 2);
		assert_true(pages < ITEMS);
	}
	assert_string_equal(seen, "02 04 06 07 08 10 ");
	assert_true(json_is_null(json_object_get(fixture->json, "nextLink")));
}

static void test_page_whole_list_has_no_link(void **state)
{
	static const char *const targets[] = { BACKUPS, BACKUPS "?$skip=1", BACKUPS "?$top=5",
					       BACKUPS "?$top=0", BACKUPS "?$top=1&$skip=4" };
	struct api_fixture *fixture = *state;

	add_backups(fixture);
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", targets[i], NULL), 200);
		assert_true(json_is_null(json_object_get(fixture->json, "nextLink")));
	}
}

static void test_page_links_walk_through_operations_of_a_kind(void **state)
{
	struct api_fixture *fixture = *state;
	char seen[SEEN_SIZE] = "", id[GUID_TEXT_SIZE];

	for (int i = 1; i <= 2 * ITEMS; i++) {
		make_id(id, i);
		api_fixture_add_job(fixture, id, i % 2 == 0 ? "backup" : "prune");
		api_fixture_run_job(fixture);
		api_fixture_finish_job(fixture, id, "Succeeded", NULL, NULL);
	}
	assert_int_equal(api_fixture_call(fixture, "GET",
					  OPERATIONS "?$top=2&$skip=1&$filter=kind eq 'backup'",
					  NULL),
			 200);
	(void)note_names(fixture, seen);
	make_id(id, 99);
	api_fixture_add_job(fixture, id, "backup");
	while (next_link(fixture) != NULL) {
		assert_int_equal(follow(fixture, next_link(fixture)), 200);
		assert_in_range(note_names(fixture, seen), 1, 2);
	}
	assert_string_equal(seen, "08 06 04 02 ");
}

static void raise_alerts(struct api_fixture *fixture)
{
	static const enum alert_fault faults[] = { ALERT_NOT_CONFIGURED, ALERT_SHARE_ALMOST_FULL,
						   ALERT_SKIPPED };

	fixture->sent_version = "2016-05-01";
	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		const struct alert_report report = { .fault = faults[i] };

		assert_int_equal(alert_raise(fixture->alerts, fixture->state, &report, NULL),
				 STATUS_OK);
	}
}

/* All were raised at the same moment: the id decides among them. */
static void test_page_links_walk_through_alerts_in_their_order(void **state)
{
	struct api_fixture *fixture = *state;
	char whole[SEEN_SIZE] = "", seen[SEEN_SIZE] = "";
	const char *target = ALERTS "?$orderby=Properties/CreatedTimestamp desc";
	AUTO_FREE char *first = NULL;

	raise_alerts(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 200);
	size_t count = note_names(fixture, whole);
	assert_true(count >= 2);
	assert_null(json_object_get(fixture->json, "nextLink"));
	assert_true(asprintf(&first, "%s&$top=1", target) > 0);
	assert_int_equal(api_fixture_call(fixture, "GET", first, NULL), 200);
	assert_int_equal(note_names(fixture, seen), 1);
	while (next_link(fixture) != NULL) {
		assert_int_equal(follow(fixture, next_link(fixture)), 200);
		assert_int_equal(note_names(fixture, seen), 1);
	}
	assert_string_equal(seen, whole);
	assert_null(json_object_get(fixture->json, "nextLink"));
}

/* The token behind the first page of @list, in @text. */
static void draw_token(struct api_fixture *fixture, const char *list, char text[512])
{
	AUTO_FREE char *target = NULL;

	assert_int_equal(api_fixture_call(fixture, "GET", list, NULL), 200);
	target = target_of(next_link(fixture));
	(void)snprintf(text, 512, "%s", strstr(target, "$skipToken=") + strlen("$skipToken="));
}

static unsigned ask(struct api_fixture *fixture, const char *list, const char *token)
{
	AUTO_FREE char *target = NULL;

	assert_true(asprintf(&target, "%s%c$skipToken=%s", list,
			     strchr(list, '?') == NULL ? '?' : '&', token) > 0);
	return api_fixture_call(fixture, "GET", target, NULL);
}

static void assert_refused(struct api_fixture *fixture, const char *list, const char *token)
{
	assert_int_equal(ask(fixture, list, token), 400);
	assert_string_equal(api_fixture_code(fixture), "BadRequest");
	assert_string_equal(api_fixture_target(fixture), "$skipToken");
}

static void test_token_changed_anywhere_is_refused(void **state)
{
	struct api_fixture *fixture = *state;
	char token[512], changed[512];

	add_backups(fixture);
	draw_token(fixture, BACKUPS "?$top=1", token);
	assert_int_equal(ask(fixture, BACKUPS, token), 200);
	for (size_t i = 0; i < strlen(token); i++) {
		memcpy(changed, token, sizeof(changed));
		changed[i] = token[i] == '0' ? '1' : '0';
		assert_refused(fixture, BACKUPS, changed);
	}
	memcpy(changed, token, sizeof(changed));
	changed[strlen(changed) - 2] = '\0';
	assert_refused(fixture, BACKUPS, changed);
	assert_refused(fixture, BACKUPS, "");
	assert_refused(fixture, BACKUPS, "none");
}

static void test_token_of_another_filter_is_refused(void **state)
{
	struct api_fixture *fixture = *state;
	char token[512], id[GUID_TEXT_SIZE];

	for (int i = 1; i <= 2; i++) {
		make_id(id, i);
		api_fixture_add_job(fixture, id, "verify");
		api_fixture_run_job(fixture);
		api_fixture_finish_job(fixture, id, "Succeeded", NULL, NULL);
	}
	draw_token(fixture, OPERATIONS "?$top=1", token);
	assert_int_equal(ask(fixture, OPERATIONS, token), 200);
	assert_refused(fixture, OPERATIONS "?$filter=kind eq 'verify'", token);
}

static void test_token_of_another_list_or_caller_is_refused(void **state)
{
	struct api_fixture *fixture = *state;
	char token[512];

	add_backups(fixture);
	draw_token(fixture, BACKUPS "?$top=1", token);
	assert_refused(fixture, OPERATIONS, token);
	assert_refused(fixture, API_FIXTURE_GROUP "/backupLocations", token);
	fixture->sent_version = "2016-05-01";
	assert_refused(fixture, ALERTS, token);
	fixture->sent_version = "2018-09-01";
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_refused(fixture, BACKUPS, token);
}

static int64_t a_day_later(void *context)
{
	(void)context;
	return API_FIXTURE_NOW + 24 * 60 * 60 * 1000 + 1;
}

static void test_token_of_yesterday_is_refused(void **state)
{
	struct api_fixture *fixture = *state;
	char token[512];

	add_backups(fixture);
	draw_token(fixture, BACKUPS "?$top=1", token);
	fixture->clock.now = a_day_later;
	assert_refused(fixture, BACKUPS, token);
}

static void test_token_and_skip_contradict_each_other(void **state)
{
	struct api_fixture *fixture = *state;
	char token[512];
	AUTO_FREE char *target = NULL;

	add_backups(fixture);
	draw_token(fixture, BACKUPS "?$top=1", token);
	assert_true(asprintf(&target, BACKUPS "?$skip=1&$skipToken=%s", token) > 0);
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
	assert_string_equal(api_fixture_target(fixture), "$skip");
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_page_links_walk_through_backups),
		FIXTURE_TEST(test_page_whole_list_has_no_link),
		FIXTURE_TEST(test_page_links_walk_through_operations_of_a_kind),
		FIXTURE_TEST(test_page_links_walk_through_alerts_in_their_order),
		FIXTURE_TEST(test_token_changed_anywhere_is_refused),
		FIXTURE_TEST(test_token_of_another_filter_is_refused),
		FIXTURE_TEST(test_token_of_another_list_or_caller_is_refused),
		FIXTURE_TEST(test_token_of_yesterday_is_refused),
		FIXTURE_TEST(test_token_and_skip_contradict_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
