/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys open what: wrong ones, escrow, drill, certificates that change, generations; and the
 * same through other programs. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake/run_program.h"
#include "fake/tree_compare.h"

#include "recover_fixture.h"

#define PASSWORD "another password of the test"

struct key_pair {
	struct buffer certificate, pfx;
	struct certificate *parsed;
	struct private_key *key;
};

static void make_pair(struct key_pair *pair, bool rsa)
{
	AUTO_SECRET password = SECRET_EMPTY;
	buffer_init(&pair->certificate, 1u << 20);
	buffer_init(&pair->pfx, 1u << 20);
	assert_int_equal(secret_copy(&password, PASSWORD, strlen(PASSWORD), NULL), STATUS_OK);
	assert_int_equal(certificate_generate("another", rsa, 30, &password, &pair->certificate,
					      &pair->pfx, NULL),
			 STATUS_OK);
	assert_int_equal(certificate_parse(pair->certificate.data, pair->certificate.length,
					   "certificate", &pair->parsed, NULL),
			 STATUS_OK);
	assert_int_equal(
		private_key_from_pfx(pair->pfx.data, pair->pfx.length, &password, &pair->key, NULL),
		STATUS_OK);
}

static void free_pair(struct key_pair *pair)
{
	private_key_free(pair->key);
	certificate_free(pair->parsed);
	buffer_done(&pair->certificate);
	buffer_done(&pair->pfx);
}

/* Recovers role Data of @backup with @key into the folder "recovered". */
static enum status recover_with(struct service_fixture *service, const struct private_key *key,
				const char *backup, struct error *err)
{
	static const char *const roles[] = { "Data", NULL };
	struct recover_result result;
	AUTO_FREE char *folder = file_join(service->folder, "recovered");
	struct recover_source *source = service_fixture_source(service);
	struct recover_options options = { .key = key, .roles = roles, .directory = folder };
	memset(&result, 0, sizeof result);
	status_ignore(file_remove_tree(folder, NULL));
	enum status status = recover_find(source, backup, &options.backup, err);
	if (status == STATUS_OK)
		status = recover_run(source, &options, &result, err);
	recover_result_done(&result);
	recover_source_close(source);
	return status;
}

static unsigned compare_recovered(struct service_fixture *service, const char *source)
{
	AUTO_FREE char *left = file_join(service->folder, source);
	AUTO_FREE char *right = file_join(service->folder, "recovered/Data");
	return tree_compare(left, right, 0, stderr);
}

static void test_recover_with_another_key_names_the_thumbprints_that_open(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(1, NULL);
	const struct archive_record *record = fixture->backups[0].record;
	struct recover_verify_result result;
	struct key_pair other;
	struct error err;
	(void)state;
	make_pair(&other, false);
	assert_int_equal(record->recipient_count, 2);
	assert_int_equal(recover_with(fixture->service, other.key, "latest", &err),
			 STATUS_AUTHENTICATION);
	assert_non_null(strstr(err.message, other.parsed->thumbprint));
	for (size_t i = 0; i < record->recipient_count; i++)
		assert_non_null(strstr(err.message, record->recipients[i].thumbprint));
	assert_non_null(strstr(err.message, "(location)"));
	assert_false(recover_wrote_something(fixture));
	struct recover_source *source = service_fixture_source(fixture->service);
	assert_int_equal(recover_verify(source, NULL, other.key, false, &result, &err),
			 STATUS_AUTHENTICATION);
	recover_source_close(source);
	free_pair(&other);
	recover_fixture_free(fixture);
}

static void test_recover_with_the_escrow_key_restores_equal(void **state)
{
	struct key_pair escrow;
	struct error err;
	const char *base = getenv("TMPDIR");
	char path[128], settings[256];
	(void)state;
	(void)snprintf(path, sizeof path, "%.64s/infrabackup-escrow-XXXXXX",
		       base != NULL ? base : "/tmp");
	int descriptor = mkstemp(path);
	make_pair(&escrow, true);
	assert_int_equal(file_write_all(descriptor, path, escrow.certificate.data,
					escrow.certificate.length, &err),
			 STATUS_OK);
	(void)close(descriptor);
	(void)snprintf(settings, sizeof settings,
		       "\"escrowCertFiles\":[\"%s\"],\"drillRecipient\":false", path);
	struct recover_fixture *fixture = recover_fixture_new(1, settings);
	const struct archive_record *record = fixture->backups[0].record;
	assert_int_equal(record->recipient_count, 2);
	assert_string_equal(record->recipients[1].purpose, "escrow");
	assert_string_equal(record->recipients[1].thumbprint, escrow.parsed->thumbprint);
	assert_int_equal(recover_with(fixture->service, escrow.key, "latest", &err), STATUS_OK);
	assert_int_equal(compare_recovered(fixture->service, "source"), 0);
	assert_int_equal(recover_with(fixture->service, fixture->key, "latest", &err), STATUS_OK);
	recover_fixture_free(fixture);
	free_pair(&escrow);
	(void)unlink(path);
}

/* Its private half never leaves the service; that it is a recipient of every session is what can be
 * seen from outside. */
static void test_backup_wraps_its_session_for_the_drill_recipient_unless_turned_off(void **state)
{
	(void)state;
	struct recover_fixture *with = recover_fixture_new(1, NULL);
	struct recover_fixture *without = recover_fixture_new(1, "\"drillRecipient\":false");
	const struct archive_record *record = with->backups[0].record;
	assert_int_equal(record->recipient_count, 2);
	assert_string_equal(record->recipients[0].purpose, "location");
	assert_string_equal(record->recipients[1].purpose, "drill");
	assert_true(record->sessions[0].wrapped_key_length >
		    without->backups[0].record->sessions[0].wrapped_key_length);
	record = without->backups[0].record;
	assert_int_equal(record->recipient_count, 1);
	assert_string_equal(record->recipients[0].purpose, "location");
	recover_fixture_free(with);
	recover_fixture_free(without);
}

/* --- generations --- */

static void set_certificate(struct service_fixture *service, const struct buffer *certificate)
{
	struct buffer text;
	struct db_job job;
	buffer_init(&text, 1u << 20);
	assert_int_equal(base64_encode(certificate->data, certificate->length, &text, NULL),
			 STATUS_OK);
	const struct backup_location_update update = { .certificate_base64 =
							       (const char *)text.data };
	service_fixture_update(service, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	buffer_done(&text);
}

static void test_recover_after_a_change_of_certificate_needs_each_backups_own_key(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(2, NULL);
	struct service_fixture *service = fixture->service;
	struct key_pair second;
	struct error err;
	const struct recover_backup *newest = NULL;
	(void)state;
	make_pair(&second, true);
	set_certificate(service, &second.certificate);
	recover_fixture_change(fixture, 40);
	service_fixture_back_up(service);
	struct recover_source *source = service_fixture_source(service);
	assert_int_equal(recover_find(source, "latest", &newest, &err), STATUS_OK);
	assert_string_equal(newest->record->thumbprint, second.parsed->thumbprint);
	assert_string_not_equal(newest->record->generation, fixture->backups[1].record->generation);
	for (size_t i = 0; i < newest->record->pack_count; i++)
		for (size_t k = 0; k < fixture->backups[1].record->pack_count; k++)
			assert_memory_not_equal(newest->record->packs[i].sha256,
						fixture->backups[1].record->packs[k].sha256,
						SHA256_SIZE);
	struct recover_verify_result result;
	assert_int_equal(recover_verify(source, NULL, second.key, true, &result, &err), STATUS_OK);
	assert_int_equal(result.findings.fatal_count, 0);
	recover_verify_result_done(&result);
	recover_source_close(source);

	assert_int_equal(recover_with(service, second.key, "latest", &err), STATUS_OK);
	assert_int_equal(compare_recovered(service, "source"), 0);
	assert_int_equal(recover_with(service, fixture->key, "latest", &err),
			 STATUS_AUTHENTICATION);
	for (size_t i = 0; i < 2; i++) {
		const char *id = fixture->backups[i].backup_id;
		assert_int_equal(recover_with(service, second.key, id, &err),
				 STATUS_AUTHENTICATION);
		assert_int_equal(recover_with(service, fixture->key, id, &err), STATUS_OK);
		assert_int_equal(compare_recovered(service, i == 0 ? "source-0" : "source-1"), 0);
	}
	free_pair(&second);
	recover_fixture_free(fixture);
}

/* Backups beyond @per_generation begin a second generation; all of them are restored. */
static void check_generations(const char *settings, size_t per_generation)
{
	struct recover_fixture *fixture = recover_fixture_new(1, settings);
	struct service_fixture *service = fixture->service;
	const struct recover_backup *backups;
	size_t count;
	struct error err;
	for (size_t i = 1; i < per_generation + 1; i++) {
		recover_fixture_change(fixture, 40 + (unsigned)i);
		service_fixture_back_up(service);
	}
	assert_int_equal(service_fixture_verify(service, true), 0);
	struct recover_source *source = service_fixture_source(service);
	assert_int_equal(recover_list(source, &backups, &count, &err), STATUS_OK);
	assert_int_equal(count, per_generation + 1);
	for (size_t i = 0; i < count; i++) {
		const char *expected =
			backups[i < per_generation ? 0 : count - 1].record->generation;
		assert_string_equal(backups[i].record->generation, expected);
		assert_int_equal(strtoul(expected, NULL, 10), i < per_generation ? 1 : 2);
	}
	assert_int_equal(recover_with(service, fixture->key, backups[0].backup_id, &err),
			 STATUS_OK);
	assert_int_equal(compare_recovered(service, "source-0"), 0);
	assert_int_equal(recover_with(service, fixture->key, "latest", &err), STATUS_OK);
	assert_int_equal(compare_recovered(service, "source"), 0);
	recover_source_close(source);
	recover_fixture_free(fixture);
}

static void test_backup_begins_a_second_generation_after_the_set_number(void **state)
{
	(void)state;
	check_generations("\"generationBackups\":2", 2);
	check_generations("\"generationBackups\":3", 3);
}

static void test_backup_begins_a_second_generation_with_the_fifteenth(void **state)
{
	(void)state;
	check_generations(NULL, 14);
}

/* --- through other programs --- */

static char *run_in_share(struct service_fixture *service, const char *script)
{
	struct buffer output;
	char *command = strdup(script);
	char shell[] = "sh", option[] = "-c";
	char *const arguments[] = { shell, option, command, NULL };
	buffer_init(&output, 1u << 20);
	int result = run_program(service->folder, arguments, &output);
	if (result != 0)
		print_error("%s\n", (const char *)output.data);
	assert_int_equal(result, 0);
	free(command);
	return (char *)output.data;
}

static void test_backup_names_every_pack_by_its_sha256(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(2, NULL);
	(void)state;
	char *output = run_in_share(
		fixture->service,
		"find share -name '*.pack' | while read -r pack; do\n"
		"  set -- $(sha256sum \"$pack\")\n"
		"  name=$(basename \"$pack\" .pack)\n"
		"  folder=$(basename \"$(dirname \"$pack\")\")\n"
		"  [ \"$1\" = \"$name\" ] && [ \"${name#\"$folder\"}\" != \"$name\" ] || exit 1\n"
		"  echo good\n"
		"done\n"
		"test -n \"$(find share -name '*.pack')\"");
	assert_non_null(strstr(output, "good"));
	free(output);
	recover_fixture_free(fixture);
}

static void put_pfx(struct service_fixture *service, const char *name, const struct buffer *pfx)
{
	AUTO_FREE char *path = file_join(service->folder, name);
	assert_int_equal(file_write(path, 0600, true, pfx->data, pfx->length, NULL), STATUS_OK);
}

static void test_backup_session_opened_by_openssl_is_a_key_of_32_bytes(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(1, NULL);
	struct service_fixture *service = fixture->service;
	struct key_pair rsa;
	char script[1024];
	(void)state;
	make_pair(&rsa, true);
	set_certificate(service, &rsa.certificate);
	service_fixture_back_up(service);
	put_pfx(service, "elliptic.pfx", &service->pfx);
	put_pfx(service, "rsa.pfx", &rsa.pfx);
	(void)snprintf(script, sizeof script,
		       "set -e\n"
		       "openssl pkcs12 -in elliptic.pfx -nodes -passin 'pass:%s' -out 0001.pem\n"
		       "openssl pkcs12 -in rsa.pfx -nodes -passin 'pass:%s' -out 0002.pem\n"
		       "for session in share/MASBackup/generations/*/sessions/*.p7m; do\n"
		       "  number=${session#share/MASBackup/generations/}; number=${number%%%%-*}\n"
		       "  openssl cms -decrypt -inform DER -in \"$session\" -inkey $number.pem "
		       "-recip $number.pem -out key.bin\n"
		       "  wc -c < key.bin\n"
		       "done\n",
		       (const char *)service->pfx_password.data, PASSWORD);
	char *output = run_in_share(service, script);
	assert_string_equal(output, "32\n32\n");
	free(output);
	free_pair(&rsa);
	recover_fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recover_with_another_key_names_the_thumbprints_that_open),
		cmocka_unit_test(test_recover_with_the_escrow_key_restores_equal),
		cmocka_unit_test(
			test_backup_wraps_its_session_for_the_drill_recipient_unless_turned_off),
		cmocka_unit_test(
			test_recover_after_a_change_of_certificate_needs_each_backups_own_key),
		cmocka_unit_test(test_backup_begins_a_second_generation_after_the_set_number),
		cmocka_unit_test(test_backup_begins_a_second_generation_with_the_fifteenth),
		cmocka_unit_test(test_backup_names_every_pack_by_its_sha256),
		cmocka_unit_test(test_backup_session_opened_by_openssl_is_a_key_of_32_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
