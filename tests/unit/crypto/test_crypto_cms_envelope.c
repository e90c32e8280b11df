/* SPDX-License-Identifier: Apache-2.0 */
/* The message around a wrapped key: its bounds, its length, and what is no such message. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static int pair_set_up(void **state)
{
	if (folder_set_up(state) != 0)
		return -1;
	make_pair(*state, "p256", "ec -pkeyopt ec_paramgen_curve:P-256");
	return 0;
}

static void expect_refused(const struct private_key *key, const void *data, size_t length,
			   const char *part)
{
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_error(STATUS_INTEGRITY, cms_unwrap(data, length, key, &opened, &err), &err, part);
	assert_null(opened.data);
}

static void wrap(const char *folder, struct buffer *wrapped)
{
	AUTO_SECRET plain = secret_of_text("thirty-two bytes of session key.");
	struct certificate *certificate = NULL;
	struct error err;

	load_certificate(folder, "p256.crt", &certificate);
	const struct certificate *const recipients[] = { certificate };
	buffer_init(wrapped, 1024 * 1024);
	expect_ok(cms_wrap(recipients, 1, &plain, wrapped, &err), &err);
	certificate_free(certificate);
}

static void test_cms_unwrap_other_messages_are_refused(void **state)
{
	const char *folder = *state;
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct private_key *key = NULL;

	load_private_key(folder, "p256.pfx", &key);
	save_file(folder, "plain", "text", 4);
	run_openssl(folder, "cms -sign -binary -nodetach -in plain -signer p256.crt -inkey "
			    "p256.key -outform DER -out signed.p7m");
	load_file(folder, "signed.p7m", &bytes);
	expect_refused(key, bytes.data, bytes.length, "no EnvelopedData");
	load_file(folder, "p256.cer", &bytes);
	expect_refused(key, bytes.data, bytes.length, "no CMS message");
	private_key_free(key);
	buffer_done(&bytes);
}

static void test_cms_unwrap_cut_is_integrity(void **state)
{
	struct private_key *key = NULL;
	struct buffer wrapped;

	wrap(*state, &wrapped);
	load_private_key(*state, "p256.pfx", &key);
	for (size_t length = 0; length < wrapped.length; length++)
		expect_refused(key, wrapped.data, length, "CMS");
	private_key_free(key);
	buffer_done(&wrapped);
}

static void test_cms_unwrap_bytes_behind_it_are_integrity(void **state)
{
	static unsigned char large[256 * 1024 + 1];
	struct private_key *key = NULL;
	struct buffer wrapped;
	struct error err;

	wrap(*state, &wrapped);
	load_private_key(*state, "p256.pfx", &key);
	expect_ok(buffer_append_u8(&wrapped, 0, &err), &err);
	expect_refused(key, wrapped.data, wrapped.length, "further bytes");
	expect_refused(key, large, sizeof(large), "at most");
	private_key_free(key);
	buffer_done(&wrapped);
}

static void test_cms_wrap_any_length_round_trips(void **state)
{
	static const size_t lengths[] = { 1, 15, 16, 17, 4096, 64 * 1024 };
	struct certificate *certificate = NULL;
	struct private_key *key = NULL;
	struct error err;

	load_certificate(*state, "p256.crt", &certificate);
	load_private_key(*state, "p256.pfx", &key);
	const struct certificate *const recipients[] = { certificate };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		AUTO_SECRET plain = SECRET_EMPTY;
		AUTO_SECRET opened = SECRET_EMPTY;
		struct buffer wrapped = { NULL, 0, 0, 0 };

		expect_ok(crypto_random_secret(&plain, lengths[i], &err), &err);
		expect_ok(cms_wrap(recipients, 1, &plain, &wrapped, &err), &err);
		expect_ok(cms_unwrap(wrapped.data, wrapped.length, key, &opened, &err), &err);
		assert_true(secret_equal(&plain, &opened));
		buffer_done(&wrapped);
	}
	certificate_free(certificate);
	private_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cms_unwrap_other_messages_are_refused),
		cmocka_unit_test(test_cms_unwrap_cut_is_integrity),
		cmocka_unit_test(test_cms_unwrap_bytes_behind_it_are_integrity),
		cmocka_unit_test(test_cms_wrap_any_length_round_trips),
	};

	return cmocka_run_group_tests(tests, pair_set_up, folder_tear_down);
}
