/* SPDX-License-Identifier: Apache-2.0 */
/* The route table: matching, and the agreement with the documents in api/ both ways. */
#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "../../../src/api/api_private.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct found {
	enum api_match match;
	const struct api_route *route;
	struct api_path path;
	char allow[64];
};

static struct found find_in(enum api_version version, const char *method, const char *path)
{
	struct found found = { .route = NULL };

	found.match = api_route_find(method, path, version, &found.route, &found.path, found.allow,
				     sizeof(found.allow));
	return found;
}

static struct found find(const char *method, const char *path)
{
	return find_in(API_2018_09_01, method, path);
}

static void test_route_find_fills_the_parameters(void **state)
{
	struct found found = find("GET", API_FIXTURE_LOCATION "/backups/ABC");

	(void)state;
	assert_int_equal(found.match, API_MATCH);
	assert_string_equal(found.route->operation_id, "Backups_Get");
	assert_string_equal(found.path.subscription, API_FIXTURE_SUBSCRIPTION);
	assert_string_equal(found.path.group, "system.north");
	assert_string_equal(found.path.location, "north");
	assert_string_equal(found.path.id, "ABC");
}

static void test_route_find_ignores_case_and_one_trailing_slash(void **state)
{
	(void)state;
	assert_int_equal(find("GET", "/HEALTHZ").match, API_MATCH);
	assert_int_equal(find("POST", "/SUBSCRIPTIONS/s/resourcegroups/g/PROVIDERS/"
				      "microsoft.backup.admin/backuplocations/l/createbackup/")
				 .match,
			 API_MATCH);
	assert_int_equal(find("GET", "/healthz//").match, API_MATCH_NO_PATH);
}

static void test_route_find_unknown_paths(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"//",
		"/health",
		"/healthz/x",
		"/healthz2",
		"healthz",
		"/subscriptions//resourceGroups/g/providers/Microsoft.Backup.Admin/backupLocations",
		API_FIXTURE_GROUP,
		API_FIXTURE_LOCATION "//backups",
		API_FIXTURE_LOCATION "/backups/a/b",
		API_FIXTURE_LOCATION "/createBackups",
		"/{x}",
		"/subscriptions//locations",
		"/tenants/x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		assert_int_equal(find("GET", paths[i]).match, API_MATCH_NO_PATH);
}

static void test_route_find_segment_too_long_is_no_path(void **state)
{
	char path[sizeof(API_FIXTURE_LOCATION "/backups/") + API_PARAMETER_SIZE];
	size_t start = sizeof(API_FIXTURE_LOCATION "/backups/") - 1;

	(void)state;
	memset(path, 'a', sizeof(path));
	memcpy(path, API_FIXTURE_LOCATION "/backups/", start);
	path[start + API_PARAMETER_SIZE] = '\0';
	assert_int_equal(find("GET", path).match, API_MATCH_NO_PATH);
	path[start + API_PARAMETER_SIZE - 1] = '\0';
	assert_int_equal(find("GET", path).match, API_MATCH);
}

static void test_route_find_other_method_lists_the_allowed(void **state)
{
	struct found found = find("DELETE", API_FIXTURE_LOCATION);

	(void)state;
	assert_int_equal(found.match, API_MATCH_NO_METHOD);
	assert_string_equal(found.allow, "GET, HEAD, PUT");
	assert_string_equal(find("GET", API_FIXTURE_LOCATION "/createBackup").allow, "POST");
	/* Methods are compared as they are. */
	assert_int_equal(find("get", "/healthz").match, API_MATCH_NO_METHOD);
}

static void test_route_find_knows_what_a_version_has(void **state)
{
	static const char prune[] = API_FIXTURE_LOCATION "/pruneExternalStore";
	static const struct {
		enum api_version version;
		enum api_match prune;
	} cases[] = {
		/* Who names no version, or one that the provider does not have, is told about that.
		 */
		{ API_VERSION_NONE, API_MATCH },
		{ API_2016_05_01, API_MATCH_NO_PATH },
		{ API_2018_09_01, API_MATCH },
		{ API_2021_09_01, API_MATCH },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(find_in(cases[i].version, "POST", prune).match, cases[i].prune);
		assert_int_equal(find_in(cases[i].version, "GET",
					 "/providers/Microsoft.InfrastructureInsights.Admin/"
					 "operations")
					 .match,
				 API_MATCH);
	}
}

#define KEY_SIZE 512

/* "2018-09-01 PUT /subscriptions/{}/...": documents and routes call the parameters by different
 * names. @version is empty for what belongs to no provider. */
static void operation_key(char key[KEY_SIZE], const char *version, const char *method,
			  const char *path)
{
	size_t length = (size_t)snprintf(key, KEY_SIZE, "%s ", version);
	bool is_name = false;

	for (; *method != '\0'; method++)
		key[length++] = (char)toupper((unsigned char)*method);
	key[length++] = ' ';
	for (; *path != '\0'; path++) {
		is_name = is_name && *path != '}';
		assert_true(length < KEY_SIZE - 1);
		if (!is_name)
			key[length++] = *path;
		is_name = is_name || *path == '{';
	}
	key[length] = '\0';
}

static void add_operations(json_t *all, const char *version, const json_t *document)
{
	const char *path, *method;
	json_t *operations, *operation;
	char key[KEY_SIZE];

	json_object_foreach(json_object_get(document, "paths"), path, operations)
		json_object_foreach(operations, method, operation)
	{
		operation_key(key, version, method, path);
		/* In one document only. */
		assert_null(json_object_get(all, key));
		assert_int_equal(json_object_set(all, key, operation), 0);
	}
}

/* Every operation of one document into @all: {key: operation}, for each of its api-versions. */
static void add_document(json_t *all, const char *file, bool is_of_provider)
{
	AUTO_JSON document = NULL;
	const json_t *info, *versions, *version;
	size_t i;

	assert_int_equal(json_parse_file(file, 4u << 20, &document, NULL), STATUS_OK);
	info = json_object_get(document, "info");
	versions = json_object_get(info, "x-api-versions");
	json_array_foreach(versions, i, version)
		add_operations(all, json_string_value(version), document);
	if (versions == NULL)
		add_operations(all,
			       is_of_provider ? json_string_value(json_object_get(info, "version"))
					      : "",
			       document);
}

static json_t *load_documents(void)
{
	json_t *all = json_object();
	glob_t files;

	assert_int_equal(glob("api/*/*/*.json", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		add_document(all, files.gl_pathv[i], true);
	globfree(&files);
	add_document(all, "api/service.json", false);
	return all;
}

static void assert_role(const json_t *operation, const char *role)
{
	const char *documented = json_string_value(json_object_get(operation, "x-required-role"));

	if (role != NULL) {
		assert_non_null(documented);
		assert_string_equal(documented, role);
		return;
	}
	/* No security at all, which is not the same as saying nothing about it. */
	assert_null(documented);
	assert_true(json_is_array(json_object_get(operation, "security")));
	assert_int_equal(json_array_size(json_object_get(operation, "security")), 0);
}

/* The route in the document of one version; the operation's name. */
static const char *assert_documented(const json_t *documents, const char *version,
				     const struct api_route_description *route)
{
	char key[KEY_SIZE];

	operation_key(key, version, route->method, route->path);
	const json_t *operation = json_object_get(documents, key);

	if (operation == NULL)
		print_error("%s is in no document of api/\n", key);
	assert_non_null(operation);
	assert_role(operation, route->role);
	return json_string_value(json_object_get(operation, "operationId"));
}

static void test_documents_have_every_route_and_nothing_else(void **state)
{
	AUTO_JSON documents = load_documents();
	struct api_route_description route;
	size_t served = 0;

	(void)state;
	for (size_t i = 0; api_route_describe(i, &route); i++) {
		bool is_of_provider = strstr(route.path, "/providers/Microsoft.") != NULL;
		bool is_named = false;

		if (!is_of_provider)
			memset(route.versions, 0, sizeof(route.versions));
		for (size_t j = 0; j == 0 || route.versions[j] != NULL; j++, served++) {
			const char *version = is_of_provider ? route.versions[j] : "";
			const char *id = assert_documented(documents, version, &route);

			is_named = is_named || strcmp(id, route.operation_id) == 0;
		}
		/* Azure's api-versions call some operations by different names. */
		assert_true(is_named);
	}
	/* All routes are in them, so equal numbers mean that nothing else is. */
	assert_int_equal(json_object_size(documents), served);
	assert_true(served >= 12);
}

static void test_routes_but_the_open_ones_need_a_token(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_route_description route;

	fixture->sent_authorization = NULL;
	for (size_t i = 0; api_route_describe(i, &route); i++) {
		unsigned status = api_fixture_call(fixture, route.method, route.path, NULL);

		if (route.role == NULL)
			assert_true(status == 200 || status == 400 || status == 503);
		else
			assert_int_equal(status, 401);
	}
}

static void test_routes_refuse_the_role_below(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_route_description route;
	enum auth_role needed;

	for (size_t i = 0; api_route_describe(i, &route); i++) {
		if (route.role == NULL)
			continue;
		assert_true(auth_role_from_name(route.role, &needed));
		fixture->sent_version = route.versions[0];
		for (int role = AUTH_READER; role < (int)needed; role++) {
			fixture->sent_authorization = fixture->authorization[role];
			assert_int_equal(api_fixture_call(fixture, route.method, route.path, NULL),
					 403);
			assert_string_equal(api_fixture_code(fixture), "AuthorizationFailed");
		}
		/* The role itself gets further: the scope in the path is what it is told about. */
		fixture->sent_authorization = fixture->authorization[needed];
		assert_true(api_fixture_call(fixture, route.method, route.path, NULL) != 403);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_find_fills_the_parameters),
		cmocka_unit_test(test_route_find_ignores_case_and_one_trailing_slash),
		cmocka_unit_test(test_route_find_unknown_paths),
		cmocka_unit_test(test_route_find_segment_too_long_is_no_path),
		cmocka_unit_test(test_route_find_other_method_lists_the_allowed),
		cmocka_unit_test(test_route_find_knows_what_a_version_has),
		cmocka_unit_test(test_documents_have_every_route_and_nothing_else),
		cmocka_unit_test_setup_teardown(test_routes_but_the_open_ones_need_a_token,
						api_fixture_start, api_fixture_stop),
		cmocka_unit_test_setup_teardown(test_routes_refuse_the_role_below,
						api_fixture_start, api_fixture_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
