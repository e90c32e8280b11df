/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines as they arrive on stderr. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static FILE *captured;
static int real_stderr;
static char output[16384];

static void capture_begin(void)
{
	captured = tmpfile();
	assert_non_null(captured);
	(void)fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(captured), STDERR_FILENO), STDERR_FILENO);
}

/* What was written since, as a string. */
static const char *capture_end(void)
{
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	rewind(captured);
	output[fread(output, 1, sizeof(output) - 1, captured)] = '\0';
	(void)fclose(captured);
	return output;
}

static int reset_log(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	log_set_correlation(NULL);
	return 0;
}

static void test_log_message_is_one_line_with_time_and_level(void **state)
{
	int64_t time;
	struct error err;

	(void)state;
	capture_begin();
	log_message(LOG_LEVEL_WARNING, "share %s is %d %% full", "north", 91);
	char *line = strdup(capture_end());
	char *rest = strchr(line, ' ');
	assert_non_null(rest);
	*rest = '\0';
	assert_int_equal(clock_parse(line, &time, &err), STATUS_OK);
	assert_string_equal(rest + 1, "warning share north is 91 % full\n");
	free(line);
}

static void test_log_message_above_the_level_is_not_written(void **state)
{
	(void)state;
	capture_begin();
	log_message(LOG_LEVEL_DEBUG, "hidden");
	log_set_level(LOG_LEVEL_ERROR);
	log_message(LOG_LEVEL_WARNING, "hidden");
	assert_string_equal(capture_end(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	capture_begin();
	log_message(LOG_LEVEL_DEBUG, "shown");
	assert_non_null(strstr(capture_end(), " debug shown\n"));
}

static void *correlation_elsewhere(void *argument)
{
	*(bool *)argument = log_correlation()[0] == '\0';
	log_set_correlation("other");
	return NULL;
}

static void test_log_correlation_belongs_to_the_thread(void **state)
{
	struct error err;
	pthread_t thread;
	bool was_empty = false;

	(void)state;
	log_set_correlation("4711");
	assert_int_equal(thread_start(&thread, "log", correlation_elsewhere, &was_empty, &err),
			 STATUS_OK);
	(void)pthread_join(thread, NULL);
	assert_true(was_empty);
	assert_string_equal(log_correlation(), "4711");
	capture_begin();
	log_message(LOG_LEVEL_INFO, "hello");
	assert_non_null(strstr(capture_end(), " info [4711] hello\n"));
	log_set_correlation(NULL);
	assert_string_equal(log_correlation(), "");
}

static void test_log_message_escapes_what_could_forge_lines(void **state)
{
	(void)state;
	log_set_correlation("a\nb");
	capture_begin();
	log_message(LOG_LEVEL_INFO, "%s", "x\r\ny\x1b[31m\x7f\xc2\x9b caf\xc3\xa9");
	assert_non_null(
		strstr(capture_end(), "[a\\x0ab] x\\x0d\\x0ay\\x1b[31m\\x7f\\x9b caf\xc3\xa9\n"));
}

static void test_log_message_too_long_is_cut_and_still_one_line(void **state)
{
	static char text[20000];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	capture_begin();
	log_message(LOG_LEVEL_INFO, "%s", text);
	const char *line = capture_end();
	assert_in_range(strlen(line), 1000, 4096);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void test_log_error_has_the_error_text(void **state)
{
	struct error err;

	(void)state;
	(void)fail(&err, STATUS_FAILED, "open", "/x", "refused");
	capture_begin();
	log_error("backup 7", &err);
	assert_non_null(strstr(capture_end(), " error backup 7: open /x: refused\n"));
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, reset_log, reset_log)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_log_message_is_one_line_with_time_and_level),
		LOG_TEST(test_log_message_above_the_level_is_not_written),
		LOG_TEST(test_log_correlation_belongs_to_the_thread),
		LOG_TEST(test_log_message_escapes_what_could_forge_lines),
		LOG_TEST(test_log_message_too_long_is_cut_and_still_one_line),
		LOG_TEST(test_log_error_has_the_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
