/* SPDX-License-Identifier: Apache-2.0 */
/* How people write a share, rightly and wrongly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#include "share_cmocka.h"

struct good {
	const char *text;
	const char *scheme, *server;
	unsigned port;
	const char *share, *path;
};

static const struct good goods[] = {
	{ "\\\\files01.example.com\\AzSBackups", "smb", "files01.example.com", 0, "AzSBackups",
	  "" },
	{ "\\\\10.0.0.3\\backup\\", "smb", "10.0.0.3", 0, "backup", "" },
	{ "\\\\s\\b$\\example.com\\north", "smb", "s", 0, "b$", "example.com/north" },
	{ "\\\\s\\my share\\a b\\", "smb", "s", 0, "my share", "a b" },
	{ "\\\\s\\b\\\xc3\xa4", "smb", "s", 0, "b", "\xc3\xa4" },
	{ "smb://server/share", "smb", "server", 0, "share", "" },
	{ "SMB://server:4445/share/a/b/", "smb", "server", 4445, "share", "a/b" },
	{ "smb://[fe80::1]:445/share/a", "smb", "fe80::1", 445, "share", "a" },
	{ "smb://[::1]/share", "smb", "::1", 0, "share", "" },
	{ "smb://server/my%20share/%C3%A4", "smb", "server", 0, "my share", "\xc3\xa4" },
	{ "smb://server:65535/s", "smb", "server", 65535, "s", "" },
	{ "/mnt/backup", "file", "", 0, "", "/mnt/backup" },
	{ "/mnt//backup/", "file", "", 0, "", "/mnt/backup" },
	{ "/mnt/a:b?c", "file", "", 0, "", "/mnt/a:b?c" },
	{ "/mnt/.hidden/...", "file", "", 0, "", "/mnt/.hidden/..." },
	{ "/", "file", "", 0, "", "/" },
	{ "file:///mnt/my%20backup", "file", "", 0, "", "/mnt/my backup" },
	{ "file://localhost/mnt", "file", "", 0, "", "/mnt" },
};

static void test_share_address_parse_good_forms_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(goods); i++) {
		struct share_address address;
		struct error err = { .message = "" };

		if (share_address_parse(goods[i].text, "path", &address, &err) != STATUS_OK)
			fail_msg("%s: %s", goods[i].text, err.message);
		assert_string_equal(address.scheme, goods[i].scheme);
		assert_string_equal(address.server, goods[i].server);
		assert_int_equal(address.port, goods[i].port);
		assert_string_equal(address.share, goods[i].share);
		assert_string_equal(address.path, goods[i].path);
	}
}

static const char *const bads[] = {
	"",
	"relative/path",
	"share",
	"C:\\backup",
	"\\server\\share",
	"\\\\",
	"\\\\server",
	"\\\\server\\",
	"\\\\\\share",
	"\\\\\\server\\share",
	"\\\\server\\\\share",
	"\\\\server\\share\\\\a",
	"\\\\server\\share\\..",
	"\\\\server\\share\\a\\..\\b",
	"\\\\server\\share\\.\\b",
	"\\\\server\\share/a",
	"\\\\server/share",
	"\\\\ser ver\\share",
	"\\\\server:445\\share",
	"\\\\server@SSL\\share",
	"\\\\?\\C:\\backup",
	"\\\\.\\pipe\\x",
	"\\\\..\\share",
	"\\\\-server\\share",
	"\\\\server\\sh:are",
	"\\\\server\\..",
	"\\\\server\\share\\a*",
	"\\\\server\\share\\a\tb",
	"\\\\server\\share\\\xff",
	"//server/share",
	"smb://",
	"smb:///share",
	"smb://server",
	"smb://server/",
	"smb://server//share",
	"smb://server/share//a",
	"smb://server/share/..",
	"smb://server/share/%2e%2e",
	"smb://server/share/a%2fb",
	"smb://server/share/a%5Cb",
	"smb://server/share/a%00b",
	"smb://server/share/a%0ab",
	"smb://server/share/a%",
	"smb://server/share/a%4",
	"smb://server/share/a%zz",
	"smb://server/share/%ff",
	"smb://server/share?x=1",
	"smb://server/share#x",
	"smb://user@server/share",
	"smb://user:password@server/share",
	"smb://server:0/share",
	"smb://server:65536/share",
	"smb://server:99999999999999999999/share",
	"smb://server:-1/share",
	"smb://server:4 5/share",
	"smb://server:/share",
	"smb://[::1/share",
	"smb://[::1]x/share",
	"smb://[]/share",
	"file://server/share",
	"file://",
	"file:///a/../b",
	"file:///a/%2e%2e/b",
	"/mnt/../etc",
	"/mnt/./a",
	"/..",
	"/mnt/a\nb",
	"https://server/share",
	"~/backup",
};

static void test_share_address_parse_bad_forms_name_the_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bads); i++) {
		struct share_address address = { .port = 4711 };
		struct error err = { .message = "" };

		if (share_address_parse(bads[i], "properties.path", &address, &err) !=
		    STATUS_INVALID)
			fail_msg("\"%s\" was taken", bads[i]);
		assert_string_equal(err.field, "properties.path");
		assert_non_null(strstr(err.message, "smb://server"));
		assert_int_equal(address.port, 4711);
	}
}

static void test_share_address_parse_null_is_invalid(void **state)
{
	struct share_address address;

	(void)state;
	assert_int_equal(share_address_parse(NULL, "path", &address, NULL), STATUS_INVALID);
}

/* A long name in each place, from what fits to what does not. */
static void test_share_address_parse_too_long_parts_are_refused(void **state)
{
	static const struct {
		const char *before, *after;
		size_t most;
	} cases[] = {
		{ "\\\\", "\\share", 255 },          { "\\\\server\\", "\\a", 127 },
		{ "\\\\server\\share\\", "", 1022 }, { "/", "", 1021 },
		{ "smb://server/share/", "", 1022 },
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		for (size_t length = cases[i].most; length <= 3000; length += 1 + length % 512) {
			struct share_address address;
			char name[3001];

			memset(name, 'x', length);
			name[length] = '\0';
			(void)snprintf(text, sizeof(text), "%s%s%s", cases[i].before, name,
				       cases[i].after);
			assert_int_equal(share_address_parse(text, "path", &address, NULL),
					 length == cases[i].most ? STATUS_OK : STATUS_INVALID);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share_address_parse_good_forms_are_taken_apart),
		cmocka_unit_test(test_share_address_parse_bad_forms_name_the_field),
		cmocka_unit_test(test_share_address_parse_null_is_invalid),
		cmocka_unit_test(test_share_address_parse_too_long_parts_are_refused),
	};

	return cmocka_run_group_tests_name("share_address", tests, NULL, NULL);
}
