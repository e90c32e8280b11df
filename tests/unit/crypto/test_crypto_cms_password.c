/* SPDX-License-Identifier: Apache-2.0 */
/* Key wrapping for a pre-shared key: round trips, openssl in both directions, wrong keys and
 * damage. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const char plain_text[] = "thirty-two bytes of session key.";
static const char password_text[] = "pre-shared";

/* Made once, as wrapped.p7m: the many iterations take their time under valgrind. */
static int message_set_up(void **state)
{
	AUTO_SECRET password = secret_of_text(password_text);
	AUTO_SECRET plain = secret_of_text(plain_text);
	struct buffer wrapped = { NULL, 0, 0, 0 };
	struct error err;

	if (folder_set_up(state) != 0)
		return -1;
	expect_ok(cms_wrap_password(&password, &plain, &wrapped, &err), &err);
	save_file(*state, "wrapped.p7m", wrapped.data, wrapped.length);
	buffer_done(&wrapped);
	return 0;
}

static void load_message(const char *folder, struct buffer *wrapped)
{
	*wrapped = (struct buffer) { NULL, 0, 0, 0 };
	load_file(folder, "wrapped.p7m", wrapped);
}

static void expect_unwrapped(const struct buffer *wrapped)
{
	AUTO_SECRET password = secret_of_text(password_text);
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_ok(cms_unwrap_password(wrapped->data, wrapped->length, &password, &opened, &err),
		  &err);
	assert_int_equal(opened.length, KEY_SIZE);
	assert_memory_equal(opened.data, plain_text, KEY_SIZE);
}

static void expect_refused(const struct buffer *wrapped, const char *text, enum status wanted,
			   const char *part)
{
	AUTO_SECRET password = secret_of_text(text);
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_error(wanted,
		     cms_unwrap_password(wrapped->data, wrapped->length, &password, &opened, &err),
		     &err, part);
	assert_null(opened.data);
}

static void test_cms_unwrap_password_right_one_opens(void **state)
{
	struct buffer wrapped;

	load_message(*state, &wrapped);
	expect_unwrapped(&wrapped);
	buffer_done(&wrapped);
}

static void test_cms_unwrap_password_wrong_one_is_authentication(void **state)
{
	struct buffer wrapped;

	load_message(*state, &wrapped);
	expect_refused(&wrapped, "pre-shareD", STATUS_AUTHENTICATION, "pre-shared key is wrong");
	expect_refused(&wrapped, "", STATUS_AUTHENTICATION, "0 bytes");
	buffer_done(&wrapped);
}

static void test_cms_wrap_password_openssl_unwraps_it(void **state)
{
	const char *folder = *state;
	struct buffer opened = { NULL, 0, 0, 0 };

	run_openssl(folder,
		    "cms -decrypt -inform DER -in wrapped.p7m -out opened -pwri_password %s",
		    password_text);
	load_file(folder, "opened", &opened);
	assert_int_equal(opened.length, KEY_SIZE);
	assert_memory_equal(opened.data, plain_text, KEY_SIZE);
	buffer_done(&opened);
}

static void test_cms_unwrap_password_what_openssl_wrapped(void **state)
{
	const char *folder = *state;
	struct buffer wrapped = { NULL, 0, 0, 0 };

	save_file(folder, "plain", plain_text, strlen(plain_text));
	run_openssl(folder,
		    "cms -encrypt -binary -aes256 -in plain -outform DER -out theirs.p7m "
		    "-pwri_password %s",
		    password_text);
	load_file(folder, "theirs.p7m", &wrapped);
	expect_unwrapped(&wrapped);
	buffer_done(&wrapped);
}

static void test_cms_unwrap_password_message_for_a_certificate_is_authentication(void **state)
{
	const char *folder = *state;
	AUTO_SECRET plain = secret_of_text(plain_text);
	struct certificate *certificate = NULL;
	struct buffer wrapped = { NULL, 0, 0, 0 };
	struct error err;

	make_pair(folder, "own", "ec -pkeyopt ec_paramgen_curve:P-256");
	load_certificate(folder, "own.crt", &certificate);
	const struct certificate *const recipients[] = { certificate };
	expect_ok(cms_wrap(recipients, 1, &plain, &wrapped, &err), &err);
	expect_refused(&wrapped, password_text, STATUS_AUTHENTICATION,
		       "not encrypted for a pre-shared key");
	certificate_free(certificate);
	buffer_done(&wrapped);
}

/* 0927c0 is 600000, the count that is written; with 7fffff it is 8388607 and with 4 bytes over the
 * limit. */
static void test_cms_unwrap_password_too_many_iterations_are_refused_at_once(void **state)
{
	static const unsigned char iterations[] = { 0x02, 0x03, 0x09, 0x27, 0xc0 };
	struct buffer wrapped;

	load_message(*state, &wrapped);
	unsigned char *at = memmem(wrapped.data, wrapped.length, iterations, sizeof(iterations));
	assert_non_null(at);
	at[2] = 0x7f;
	expect_refused(&wrapped, password_text, STATUS_INTEGRITY, "hashed");
	at[2] = 0xff;
	expect_refused(&wrapped, password_text, STATUS_INTEGRITY, "hashed");
	buffer_done(&wrapped);
}

static void test_cms_unwrap_password_cut_is_integrity(void **state)
{
	AUTO_SECRET password = secret_of_text(password_text);
	struct buffer wrapped;

	load_message(*state, &wrapped);
	for (size_t length = 0; length < wrapped.length; length++) {
		AUTO_SECRET opened = SECRET_EMPTY;
		struct error err;

		expect_error(STATUS_INTEGRITY,
			     cms_unwrap_password(wrapped.data, length, &password, &opened, &err),
			     &err, "CMS");
	}
	buffer_done(&wrapped);
}

static void test_cms_wrap_password_empty_one_is_refused(void **state)
{
	AUTO_SECRET password = secret_of_text("");
	AUTO_SECRET plain = secret_of_text(plain_text);
	struct buffer out = { NULL, 0, 0, 0 };
	struct error err;

	(void)state;
	expect_error(STATUS_INVALID, cms_wrap_password(&password, &plain, &out, &err), &err,
		     "0 bytes");
	assert_null(out.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cms_unwrap_password_right_one_opens),
		cmocka_unit_test(test_cms_unwrap_password_wrong_one_is_authentication),
		cmocka_unit_test(test_cms_wrap_password_openssl_unwraps_it),
		cmocka_unit_test(test_cms_unwrap_password_what_openssl_wrapped),
		cmocka_unit_test(
			test_cms_unwrap_password_message_for_a_certificate_is_authentication),
		cmocka_unit_test(test_cms_unwrap_password_too_many_iterations_are_refused_at_once),
		cmocka_unit_test(test_cms_unwrap_password_cut_is_integrity),
		cmocka_unit_test(test_cms_wrap_password_empty_one_is_refused),
	};

	return cmocka_run_group_tests(tests, message_set_up, folder_tear_down);
}
