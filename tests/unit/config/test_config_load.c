/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's reader against the documents in tests/schema/config_cases, which the schema
 * is checked against as well, and against what no schema sees. Runs from the root of the sources.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/config.h"

/* Last, because its macro fail() would break the declaration of ours. */
#include <cmocka.h>

static const char *cases_folder(void)
{
	const char *folder = getenv("CONFIG_CASES");

	return folder == NULL ? "tests/schema/config_cases" : folder;
}

/* Loads config_cases/@folder/@file. */
static enum status load_case(const char *folder, const char *file, struct config **out,
			     struct error *err)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", cases_folder(), folder, file);
	return config_load(path, out, err);
}

static enum status parse(const char *text, struct config **out, struct error *err)
{
	return config_parse(text, strlen(text), "test.json", out, err);
}

/* Calls @check for each document of a folder; the number of them. */
static size_t for_each_case(const char *folder,
			    void (*check)(const char *folder, const char *file, void *context),
			    void *context)
{
	char path[512];
	size_t count = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", cases_folder(), folder);
	AUTO_CLOSEDIR directory = opendir(path);
	assert_non_null(directory);
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (strstr(entry->d_name, ".json") == NULL)
			continue;
		check(folder, entry->d_name, context);
		count++;
	}
	return count;
}

static void check_good(const char *folder, const char *file, void *context)
{
	struct config *config = NULL;
	struct error err = { 0 };
	char text[1024];

	(void)context;
	if (load_case(folder, file, &config, &err) != STATUS_OK)
		fail_msg("%s: %s", file, error_text(&err, text, sizeof(text)));
	assert_non_null(config);
	config_free(config);
}

static void test_config_load_good_documents_are_accepted(void **state)
{
	(void)state;
	assert_true(for_each_case("good", check_good, NULL) >= 10);
}

static const char *expected_text(json_t *expected, const char *file, const char *key)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - strlen(".json")), file);
	const char *text = json_string_value(json_object_get(json_object_get(expected, name), key));
	if (text == NULL)
		fail_msg("expected.json lacks %s of %s", key, name);
	return text;
}

static void check_bad(const char *folder, const char *file, void *expected)
{
	struct config *config = NULL;
	struct error err = { 0 };
	const char *found = expected_text(expected, file, "found");
	const char *allowed = expected_text(expected, file, "allowed");

	if (load_case(folder, file, &config, &err) == STATUS_OK)
		fail_msg("%s was accepted", file);
	assert_null(config);
	assert_int_equal(err.status, STATUS_INVALID);
	if (strcmp(err.field, expected_text(expected, file, "field")) != 0)
		fail_msg("%s: field is %s (%s)", file, err.field, err.message);
	if (strstr(err.path, file) == NULL)
		fail_msg("%s: path is %s", file, err.path);

	/* "found ..., allowed ...": each half says its part. */
	const char *at_found = strstr(err.message, "found");
	const char *at_allowed = strstr(err.message, "allowed");
	if (at_allowed == NULL)
		at_allowed = strstr(err.message, "required");
	if (at_found == NULL || at_allowed == NULL || strstr(at_found, found) == NULL ||
	    strstr(err.message, allowed) == NULL)
		fail_msg("%s: message is \"%s\", expected \"%s\" and \"%s\"", file, err.message,
			 found, allowed);
}

static void test_config_load_bad_documents_name_field_found_and_allowed(void **state)
{
	struct error err = { 0 };
	AUTO_JSON expected = NULL;
	char path[512];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/expected.json", cases_folder());
	assert_int_equal(json_parse_file(path, 1 << 20, &expected, &err), STATUS_OK);
	size_t count = for_each_case("bad", check_bad, expected);
	count += for_each_case("bad_beyond_schema", check_bad, expected);
	assert_int_equal(count, json_object_size(expected));
}

static void test_config_load_minimal_document_has_the_documented_defaults(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "minimal.json", &config, &err), STATUS_OK);
	assert_string_equal(config->state_directory, "/var/lib/infrabackup");
	assert_string_equal(config->deployment.location, "north");
	assert_null(config->deployment.oem_version);
	assert_string_equal(config->http.listen_address, "127.0.0.1");
	assert_int_equal(config->http.listen_port, 8443);
	assert_null(config->http.certificate_file);
	assert_null(config->http.public_url);
	assert_int_equal(config->http.retry_after, 0);
	assert_false(config->http.client_certificate_required);
	assert_int_equal(config->authentication.issuer_count, 0);
	assert_int_equal(config->authentication.client_certificate_count, 0);
	assert_int_equal(config->authentication.clock_skew, 300000);
	assert_int_equal(config->authentication.keys_lifetime, 3600000);
	assert_int_equal(config->authentication.keys_interval, 30000);
	assert_int_equal(config->authentication.keys_stale, 86400000);
	assert_int_equal(config->http.limits.connections, 512);
	assert_int_equal(config->http.limits.connections_per_address, 256);
	assert_int_equal(config->http.limits.idle_seconds, 30);
	assert_int_equal(config->http.limits.request_seconds, 60);
	assert_int_equal(config->http.limits.reads_per_minute, 12000);
	assert_int_equal(config->http.limits.writes_per_minute, 1200);
	assert_int_equal(config->http.limits.failed_authentications_per_minute, 600);
	assert_in_range(config->engine.workers, 1, 64);
	assert_int_equal(config->engine.codec, CONFIG_CODEC_ZSTD);
	assert_int_equal(config->engine.compression_level, 1);
	assert_int_equal(config->engine.max_memory_mib, 64);
	assert_int_equal(config->engine.share_deadline, 45000);
	assert_int_equal(config->engine.generation_backups, 14);
	assert_int_equal(config->engine.share_reserve, 16 << 20);
	assert_int_equal(config->engine.trash_grace, 24 * 60 * 60 * 1000);
	assert_true(config->engine.drill_recipient);
	assert_true(config->engine.verify_bytes_per_day == 50ull << 30);
	assert_null(config->engine.escrow_certificate_files);
	assert_int_equal(config->smb.authentication, CONFIG_SMB_AUTOMATIC);
	assert_null(config->smb.unencrypted_servers);
	assert_false(config->audit.to_syslog);
	assert_int_equal(config->audit.max_rows, 100000);
	assert_null(config->arm.login_endpoint);
	assert_null(config->arm.audiences);
	assert_string_equal(config->arm.tenant_id, config->deployment.id);
	assert_int_equal(config->service_count, 1);
	assert_int_equal(config->services[0].timeout, 3600000);
	assert_true(config->services[0].essential);
	assert_int_equal(config->services[0].restore_priority, 100);
	assert_null(config->services[0].exclude);
	config_free(config);
}

static void test_config_load_full_document_sets_every_option(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "everything.json", &config, &err), STATUS_OK);
	assert_string_equal(config->deployment.oem_version, "2.2.2311.1");
	assert_string_equal(config->http.listen_address, "::1");
	assert_int_equal(config->http.listen_port, 0);
	assert_string_equal(config->http.certificate_file, "/etc/ib/server.pem");
	assert_string_equal(config->http.key_file, "/etc/ib/server.key");
	assert_string_equal(config->http.client_ca_file, "/etc/ib/clients.pem");
	assert_string_equal(config->http.public_url,
			    "https://adminmanagement.north.contoso.com/prefix");
	assert_int_equal(config->http.retry_after, 1);
	assert_int_equal(config->http.limits.connections, 100);
	assert_int_equal(config->http.limits.connections_per_address, 50);
	assert_int_equal(config->http.limits.idle_seconds, 10);
	assert_int_equal(config->http.limits.request_seconds, 20);
	assert_int_equal(config->http.limits.reads_per_minute, 600);
	assert_int_equal(config->http.limits.writes_per_minute, 60);
	assert_int_equal(config->http.limits.failed_authentications_per_minute, 6);
	assert_int_equal(config->engine.workers, 4);
	assert_int_equal(config->engine.codec, CONFIG_CODEC_ZLIB);
	assert_int_equal(config->engine.compression_level, 6);
	assert_int_equal(config->engine.max_memory_mib, 128);
	assert_int_equal(config->engine.share_deadline, 30000);
	assert_int_equal(config->engine.generation_backups, 7);
	assert_int_equal(config->engine.share_reserve, 64 << 20);
	assert_int_equal(config->engine.trash_grace, 48 * 60 * 60 * 1000);
	assert_false(config->engine.drill_recipient);
	assert_true(config->engine.verify_bytes_per_day == 2ull << 30);
	assert_string_equal(config->engine.escrow_certificate_files[1], "/etc/ib/escrow2.cer");
	assert_null(config->engine.escrow_certificate_files[2]);
	assert_int_equal(config->smb.authentication, CONFIG_SMB_KERBEROS);
	assert_string_equal(config->smb.unencrypted_servers[1], "fd00::1");
	assert_null(config->smb.unencrypted_servers[2]);
	assert_true(config->audit.to_syslog);
	assert_int_equal(config->audit.max_rows, 5000);
	assert_int_equal(config->audit.max_age, INT64_C(30) * 24 * 60 * 60 * 1000);
	assert_string_equal(config->arm.login_endpoint, "https://adfs.north.contoso.com/adfs");
	assert_string_equal(config->arm.graph_endpoint, "https://graph.north.contoso.com/");
	assert_string_equal(config->arm.portal_endpoint, "https://adminportal.north.contoso.com/");
	assert_string_equal(config->arm.gallery_endpoint,
			    "https://providers.north.contoso.com:30016/");
	assert_string_equal(config->arm.audiences[1], "api://backup");
	assert_null(config->arm.audiences[2]);
	assert_string_equal(config->arm.tenant_id, "8C1D0A52-2f7e-4bb9-8e8d-8d9a55e31d11");
	config_free(config);
}

static void test_config_load_full_document_sets_authentication(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "everything.json", &config, &err), STATUS_OK);
	assert_true(config->http.client_certificate_required);
	assert_int_equal(config->authentication.issuer_count, 2);
	const struct config_issuer *issuer = &config->authentication.issuers[0];
	assert_string_equal(issuer->issuer, "https://adfs.north.contoso.com/adfs");
	assert_string_equal(issuer->audiences[1], "api://backup");
	assert_null(issuer->audiences[2]);
	assert_string_equal(issuer->jwks_url, "https://adfs.north.contoso.com/adfs/discovery/keys");
	assert_string_equal(issuer->ca_file, "/etc/ib/adfs.pem");
	assert_string_equal(issuer->name_claim, "unique_name");
	assert_int_equal(issuer->role_count, 2);
	assert_string_equal(issuer->roles[1].claim, "groups");
	assert_string_equal(issuer->roles[1].value, "monitoring");
	assert_string_equal(issuer->roles[1].role, "Reader");
	assert_string_equal(issuer[1].jwks_file, "/etc/ib/jwks.json");
	assert_null(issuer[1].jwks_url);
	assert_int_equal(issuer[1].role_count, 0);
	assert_int_equal(config->authentication.client_certificate_count, 3);
	const struct config_client_certificate *certificate =
		config->authentication.client_certificates;
	assert_string_equal(certificate[0].common_name, "monitoring");
	assert_false(certificate[0].is_front_door);
	assert_string_equal(certificate[1].alternative_name, "arm.north.contoso.com");
	assert_string_equal(certificate[1].role_header, "x-ms-client-role");
	assert_true(certificate[1].is_front_door);
	assert_int_equal(certificate[2].sha256[31], 0xab);
	assert_string_equal(certificate[2].role, "Operator");
	assert_int_equal(config->authentication.clock_skew, 60000);
	assert_int_equal(config->authentication.keys_lifetime, 600000);
	assert_int_equal(config->authentication.keys_interval, 5000);
	assert_int_equal(config->authentication.keys_stale, 3600000);
	config_free(config);
}

static void test_config_load_services_are_sorted_by_priority_then_file_order(void **state)
{
	static const char *const order[] = { "Certificates", "KeyVault", "Identity", "ARM" };
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "everything.json", &config, &err), STATUS_OK);
	assert_int_equal(config->service_count, ARRAY_LENGTH(order));
	for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
		assert_string_equal(config->services[i].role, order[i]);
	config_free(config);
}

static void test_config_find_service_ignores_case_and_knows_all_members(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "everything.json", &config, &err), STATUS_OK);
	const struct config_service *identity = config_find_service(config, "IDENTITY");
	assert_non_null(identity);
	assert_string_equal(identity->provider, "command");
	assert_string_equal(identity->command[0], "/usr/sbin/slapcat");
	assert_string_equal(identity->command[3], "");
	assert_null(identity->command[4]);
	assert_string_equal(identity->restore_command[0], "/usr/sbin/slapadd");
	assert_string_equal(identity->entry_name, "identity.ldif");
	assert_null(identity->path);
	const struct config_service *vault = config_find_service(config, "KeyVault");
	assert_non_null(vault);
	assert_false(vault->essential);
	assert_string_equal(vault->path, "/var/lib/vault");
	assert_string_equal(vault->exclude[1], "cache/*");
	assert_null(vault->exclude[2]);
	assert_int_equal(config_find_service(config, "arm")->timeout, 60000);
	assert_null(config_find_service(config, "other"));
	config_free(config);
}

static void test_config_parse_text_that_is_not_json_names_line_and_file(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse("{\n  \"stateDir\" \"/x\"\n}", &config, &err), STATUS_INVALID);
	assert_null(config);
	assert_string_equal(err.path, "test.json");
	assert_non_null(strstr(err.message, "line 2"));
	assert_int_equal(parse("", &config, &err), STATUS_INVALID);
	assert_null(config);
}

static void test_config_parse_key_given_twice_is_refused(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse("{\"stateDir\":\"/a\",\"stateDir\":\"/b\"}", &config, &err),
			 STATUS_INVALID);
	assert_null(config);
	assert_non_null(strstr(err.message, "duplicate"));
}

static void test_config_load_missing_file_is_not_found_with_its_path(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(load_case("good", "no-such-file.json", &config, &err), STATUS_NOT_FOUND);
	assert_null(config);
	assert_string_equal(err.cause_name, "ENOENT");
	assert_non_null(strstr(err.path, "no-such-file.json"));
}

static void test_config_free_null_is_legal(void **state)
{
	(void)state;
	config_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_load_good_documents_are_accepted),
		cmocka_unit_test(test_config_load_bad_documents_name_field_found_and_allowed),
		cmocka_unit_test(test_config_load_minimal_document_has_the_documented_defaults),
		cmocka_unit_test(test_config_load_full_document_sets_every_option),
		cmocka_unit_test(test_config_load_full_document_sets_authentication),
		cmocka_unit_test(test_config_load_services_are_sorted_by_priority_then_file_order),
		cmocka_unit_test(test_config_find_service_ignores_case_and_knows_all_members),
		cmocka_unit_test(test_config_parse_text_that_is_not_json_names_line_and_file),
		cmocka_unit_test(test_config_parse_key_given_twice_is_refused),
		cmocka_unit_test(test_config_load_missing_file_is_not_found_with_its_path),
		cmocka_unit_test(test_config_free_null_is_legal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
