/* SPDX-License-Identifier: Apache-2.0 */
/* Key wrapping for certificates: round trips, openssl in both directions, strangers and damage. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const char plain_text[] = "thirty-two bytes of session key.";

/* Every kind of key that certificate_parse() accepts; the names of make_pair(). */
static const struct {
	const char *name, *algorithm, *openssl_options;
} kinds[] = {
	{ "rsa2048", "rsa:2048", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256" },
	{ "rsa3072", "rsa:3072", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256" },
	{ "p256", "ec -pkeyopt ec_paramgen_curve:P-256", "-keyopt ecdh_kdf_md:sha256" },
	{ "p384", "ec -pkeyopt ec_paramgen_curve:P-384", "-keyopt ecdh_kdf_md:sha256" },
	{ "p521", "ec -pkeyopt ec_paramgen_curve:P-521", "-keyopt ecdh_kdf_md:sha256" },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int pairs_set_up(void **state)
{
	if (folder_set_up(state) != 0)
		return -1;
	for (size_t i = 0; i < KIND_COUNT; i++)
		make_pair(*state, kinds[i].name, kinds[i].algorithm);
	save_file(*state, "plain", plain_text, strlen(plain_text));
	return 0;
}

/* The plain text for the certificates @files, separated by blanks; the result also as the file
 * wrapped.p7m. */
static void wrap_for(const char *folder, const char *files, struct buffer *wrapped)
{
	AUTO_SECRET plain = secret_of_text(plain_text);
	AUTO_FREE char *copy = strdup(files);
	struct certificate *certificates[8] = { NULL };
	const struct certificate *recipients[8];
	size_t count = 0;
	struct error err;

	assert_non_null(copy);
	for (char *rest = copy; rest != NULL; count++) {
		load_certificate(folder, strsep(&rest, " "), &certificates[count]);
		recipients[count] = certificates[count];
	}
	*wrapped = (struct buffer) { NULL, 0, 0, 0 };
	expect_ok(cms_wrap(recipients, count, &plain, wrapped, &err), &err);
	save_file(folder, "wrapped.p7m", wrapped->data, wrapped->length);
	for (size_t i = 0; i < count; i++)
		certificate_free(certificates[i]);
}

static enum status unwrap_with(const char *folder, const char *pfx, const struct buffer *wrapped,
			       struct secret *out, struct error *err)
{
	struct private_key *key = NULL;

	load_private_key(folder, pfx, &key);
	enum status status = cms_unwrap(wrapped->data, wrapped->length, key, out, err);
	private_key_free(key);
	return status;
}

static void expect_unwrapped(const char *folder, const char *pfx, const struct buffer *wrapped)
{
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_ok(unwrap_with(folder, pfx, wrapped, &opened, &err), &err);
	assert_int_equal(opened.length, KEY_SIZE);
	assert_memory_equal(opened.data, plain_text, KEY_SIZE);
}

static void expect_refused(const char *folder, const char *pfx, const struct buffer *wrapped,
			   enum status wanted, const char *part)
{
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_error(wanted, unwrap_with(folder, pfx, wrapped, &opened, &err), &err, part);
	assert_null(opened.data);
}

/* What openssl makes of wrapped.p7m. */
static void expect_openssl_unwraps(const char *folder, const char *options)
{
	struct buffer opened = { NULL, 0, 0, 0 };

	run_openssl(folder, "cms -decrypt -inform DER -in wrapped.p7m -out opened %s", options);
	load_file(folder, "opened", &opened);
	assert_int_equal(opened.length, KEY_SIZE);
	assert_memory_equal(opened.data, plain_text, KEY_SIZE);
	buffer_done(&opened);
}

static void test_cms_wrap_every_kind_unwraps_here_and_in_openssl(void **state)
{
	const char *folder = *state;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct buffer wrapped;
		char file[64], pfx[64], options[128];

		(void)snprintf(file, sizeof(file), "%s.crt", kinds[i].name);
		(void)snprintf(pfx, sizeof(pfx), "%s.pfx", kinds[i].name);
		wrap_for(folder, file, &wrapped);
		expect_unwrapped(folder, pfx, &wrapped);
		(void)snprintf(options, sizeof(options), "-inkey %s.key", kinds[i].name);
		expect_openssl_unwraps(folder, options);
		(void)snprintf(options, sizeof(options), "-inkey %s.key -recip %s.crt",
			       kinds[i].name, kinds[i].name);
		expect_openssl_unwraps(folder, options);
		buffer_done(&wrapped);
	}
}

static void test_cms_unwrap_what_openssl_wrapped(void **state)
{
	const char *folder = *state;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct buffer wrapped = { NULL, 0, 0, 0 };
		char pfx[64];

		run_openssl(folder,
			    "cms -encrypt -binary -aes256 -in plain -outform DER -out theirs.p7m "
			    "-recip %s.crt %s",
			    kinds[i].name, kinds[i].openssl_options);
		load_file(folder, "theirs.p7m", &wrapped);
		(void)snprintf(pfx, sizeof(pfx), "%s.pfx", kinds[i].name);
		expect_unwrapped(folder, pfx, &wrapped);
		buffer_done(&wrapped);
	}
}

static void test_cms_wrap_mixed_recipients_each_opens_it(void **state)
{
	const char *folder = *state;
	struct buffer wrapped;

	wrap_for(folder, "p256.crt rsa2048.crt p384.cer rsa3072.cer", &wrapped);
	expect_unwrapped(folder, "p256.pfx", &wrapped);
	expect_unwrapped(folder, "rsa2048.pfx", &wrapped);
	expect_unwrapped(folder, "p384.pfx", &wrapped);
	expect_unwrapped(folder, "rsa3072.pfx", &wrapped);
	expect_refused(folder, "p521.pfx", &wrapped, STATUS_AUTHENTICATION, "not encrypted for");
	expect_openssl_unwraps(folder, "-inkey rsa3072.key -recip rsa3072.crt");
	expect_openssl_unwraps(folder, "-inkey p384.key -recip p384.crt");
	buffer_done(&wrapped);
}

static void test_cms_wrap_says_oaep_sha256_and_aes256(void **state)
{
	const char *folder = *state;
	struct buffer wrapped, output = { NULL, 0, 0, 0 };

	wrap_for(folder, "rsa2048.crt p256.crt", &wrapped);
	run_openssl_for(folder, &output, "asn1parse -inform DER -in wrapped.p7m");
	const char *text = (const char *)output.data;
	assert_non_null(strstr(text, "pkcs7-envelopedData"));
	assert_non_null(strstr(text, "rsaesOaep"));
	assert_non_null(strstr(text, "mgf1"));
	assert_non_null(strstr(text, "dhSinglePass-stdDH-sha256kdf-scheme"));
	assert_non_null(strstr(text, "id-aes256-wrap"));
	assert_non_null(strstr(text, "aes-256-cbc"));
	assert_null(strstr(text, "sha1"));
	buffer_done(&output);
	buffer_done(&wrapped);
}

static void test_cms_unwrap_stranger_is_authentication_for_every_kind(void **state)
{
	const char *folder = *state;
	struct buffer wrapped;

	wrap_for(folder, "rsa2048.crt", &wrapped);
	expect_refused(folder, "rsa3072.pfx", &wrapped, STATUS_AUTHENTICATION, "not encrypted for");
	expect_refused(folder, "p256.pfx", &wrapped, STATUS_AUTHENTICATION, "not encrypted for");
	buffer_done(&wrapped);
	wrap_for(folder, "p256.crt", &wrapped);
	expect_refused(folder, "p384.pfx", &wrapped, STATUS_AUTHENTICATION, "not encrypted for");
	expect_refused(folder, "rsa2048.pfx", &wrapped, STATUS_AUTHENTICATION, "not encrypted for");
	buffer_done(&wrapped);
}

/* Certificates of careless authorities: the same name and serial number, another key. */
static void test_cms_unwrap_recipients_of_one_name_each_open_it(void **state)
{
	static const char *const names[] = { "one", "two", "three" };
	const char *folder = *state;
	struct buffer wrapped;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		run_openssl(folder,
			    "req -x509 -config plain.cnf -newkey rsa:2048 -nodes -keyout %s.key "
			    "-out %s.crt -subj /CN=same -set_serial 1",
			    names[i], names[i]);
		run_openssl(folder,
			    "pkcs12 -export -inkey %s.key -in %s.crt -out %s.pfx "
			    "-passout file:password",
			    names[i], names[i], names[i]);
	}
	wrap_for(folder, "one.crt two.crt", &wrapped);
	expect_unwrapped(folder, "one.pfx", &wrapped);
	expect_unwrapped(folder, "two.pfx", &wrapped);
	/* Named as recipient, but the key fits nowhere: never a random key. */
	expect_refused(folder, "three.pfx", &wrapped, STATUS_INTEGRITY, "damaged");
	buffer_done(&wrapped);
}

static void expect_openssl_message_refused(const char *folder, const char *name,
					   const char *options)
{
	struct buffer wrapped = { NULL, 0, 0, 0 };
	char pfx[64];

	run_openssl(folder,
		    "cms -encrypt -binary -aes256 -in plain -outform DER -out theirs.p7m "
		    "-recip %s.crt%s",
		    name, options);
	load_file(folder, "theirs.p7m", &wrapped);
	(void)snprintf(pfx, sizeof(pfx), "%s.pfx", name);
	expect_refused(folder, pfx, &wrapped, STATUS_INTEGRITY, "the only methods");
	buffer_done(&wrapped);
}

static void test_cms_unwrap_other_methods_are_refused(void **state)
{
	const char *folder = *state;

	expect_openssl_message_refused(folder, "rsa2048", "");
	expect_openssl_message_refused(folder, "rsa2048", " -keyopt rsa_padding_mode:oaep");
	expect_openssl_message_refused(folder, "rsa2048",
				       " -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512");
	expect_openssl_message_refused(folder, "p256", " -keyopt ecdh_kdf_md:sha1");
}

/* One bit of every byte. The content has no tag: the flips that give other content are found by
 * those who use the key, so that they are counted only; everything before the content must be
 * noticed. */
static void expect_flips_noticed(const char *folder, const char *file, const char *pfx)
{
	struct private_key *key = NULL;
	struct buffer wrapped;
	size_t opened_differently = 0;

	wrap_for(folder, file, &wrapped);
	load_private_key(folder, pfx, &key);
	for (size_t at = 0; at < wrapped.length; at++) {
		AUTO_SECRET opened = SECRET_EMPTY;
		struct error err = { .status = STATUS_OK };

		wrapped.data[at] ^= (unsigned char)(1u << (at % 8));
		enum status status = cms_unwrap(wrapped.data, wrapped.length, key, &opened, &err);
		wrapped.data[at] ^= (unsigned char)(1u << (at % 8));
		if (status == STATUS_OK)
			opened_differently += opened.length != KEY_SIZE ||
					      memcmp(opened.data, plain_text, KEY_SIZE) != 0;
		else
			assert_true(status == STATUS_INTEGRITY || status == STATUS_AUTHENTICATION);
	}
	/* The vector and the first of three blocks for certain; the last block when chance gives a
	 * padding. */
	assert_in_range(opened_differently, 2 * 16, 3 * 16);
	private_key_free(key);
	buffer_done(&wrapped);
}

static void test_cms_unwrap_flipped_bits_are_noticed(void **state)
{
	expect_flips_noticed(*state, "rsa2048.crt", "rsa2048.pfx");
	expect_flips_noticed(*state, "p256.crt", "p256.pfx");
}

/* The octet string of @size bytes is the wrapped key. */
static void expect_damaged_key_noticed(const char *folder, const char *file, const char *pfx,
				       const unsigned char *head, size_t head_length, size_t size)
{
	struct buffer wrapped;

	wrap_for(folder, file, &wrapped);
	unsigned char *at = memmem(wrapped.data, wrapped.length, head, head_length);
	assert_non_null(at);
	at[head_length + size / 2] ^= 0x10;
	expect_refused(folder, pfx, &wrapped, STATUS_INTEGRITY, "is damaged");
	buffer_done(&wrapped);
}

static void test_cms_unwrap_damaged_wrapped_key_is_integrity_not_a_random_key(void **state)
{
	static const unsigned char rsa_head[] = { 0x04, 0x82, 0x01, 0x00 };
	static const unsigned char ec_head[] = { 0x04, 0x28 };

	expect_damaged_key_noticed(*state, "rsa2048.crt", "rsa2048.pfx", rsa_head, sizeof(rsa_head),
				   256);
	expect_damaged_key_noticed(*state, "p256.crt", "p256.pfx", ec_head, sizeof(ec_head), 40);
}

static void test_cms_wrap_without_recipient_or_content_is_refused(void **state)
{
	AUTO_SECRET plain = secret_of_text(plain_text);
	AUTO_SECRET nothing = secret_of_text("");
	struct buffer out = { NULL, 0, 0, 0 };
	struct certificate *certificate = NULL;
	struct error err;

	load_certificate(*state, "p256.crt", &certificate);
	const struct certificate *const recipients[] = { certificate };
	expect_error(STATUS_INVALID, cms_wrap(recipients, 0, &plain, &out, &err), &err,
		     "no recipient");
	expect_error(STATUS_INVALID, cms_wrap(recipients, 1, &nothing, &out, &err), &err,
		     "0 bytes");
	assert_null(out.data);
	certificate_free(certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cms_wrap_every_kind_unwraps_here_and_in_openssl),
		cmocka_unit_test(test_cms_unwrap_what_openssl_wrapped),
		cmocka_unit_test(test_cms_wrap_mixed_recipients_each_opens_it),
		cmocka_unit_test(test_cms_wrap_says_oaep_sha256_and_aes256),
		cmocka_unit_test(test_cms_unwrap_stranger_is_authentication_for_every_kind),
		cmocka_unit_test(test_cms_unwrap_recipients_of_one_name_each_open_it),
		cmocka_unit_test(test_cms_unwrap_other_methods_are_refused),
		cmocka_unit_test(test_cms_unwrap_flipped_bits_are_noticed),
		cmocka_unit_test(test_cms_unwrap_damaged_wrapped_key_is_integrity_not_a_random_key),
		cmocka_unit_test(test_cms_wrap_without_recipient_or_content_is_refused),
	};

	return cmocka_run_group_tests(tests, pairs_set_up, folder_tear_down);
}
