/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* The smb driver against servers that are set up differently: what was negotiated is what was
 * meant, and the suite passes. SMB_MATRIX=whole runs the whole suite on each. */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/share/share_smb_private.h"
#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "share_cmocka.h"
#include "share_suite.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define ANY_PORT "smb://127.0.0.1:%u/data"
/* Takes as long as everything else together; test_share_smb_suite has it. */
#define LONG_TEST "*_5000_*"

static const char *const trusted[] = { "127.0.0.1", NULL };
static struct share_smb_policy unencrypted = { .unencrypted_servers = trusted };

struct row {
	const char *name;
	struct smbd_private_settings settings;
	const char *address; /* NULL: ANY_PORT */
	bool unencrypted;    /* the user allows that */
	bool whole;          /* the whole suite, not only files */
	enum smb_protection protection;
	enum smb_cipher cipher;
	enum smb_signing signing;
	uint32_t limit;   /* of each of the server's limits; 0: not looked at */
	uint32_t credits; /* never more than these; 0: not looked at */
};

#define PROTECTED(by, with, signed_by)                                                             \
	.protection = SMB_##by, .cipher = SMB_CIPHER_##with, .signing = SMB_SIGNING_##signed_by
#define SEALED PROTECTED(SEALED, AES128_GCM, GMAC)
#define REQUIRED(lines) .settings = { .encrypt = "required", .options = lines }
#define DESIRED(lines) .settings = { .encrypt = "desired", .options = lines }
#define OFF(lines) .settings = { .encrypt = "off", .options = lines }

static const struct row rows[] = {
	{ .name = "desired", DESIRED(NULL), .whole = true, SEALED },
	{ .name = "off, allowed",
	  OFF(NULL),
	  .unencrypted = true,
	  .whole = true,
	  PROTECTED(SIGNED, NONE, GMAC) },
	{ .name = "64 KiB a request",
	  REQUIRED("smb2 max read = 65536\nsmb2 max write = 65536\nsmb2 max trans = 65536"),
	  .whole = true,
	  SEALED,
	  .limit = 65536 },
	{ .name = "off, allowed, CMAC",
	  OFF("server smb3 signing algorithms = AES-128-CMAC"),
	  .unencrypted = true,
	  PROTECTED(SIGNED, NONE, CMAC) },
	{ .name = "desired, off allowed", DESIRED(NULL), .unencrypted = true, SEALED },
	{ .name = "AES-256-GCM",
	  REQUIRED("server smb3 encryption algorithms = AES-256-GCM"),
	  PROTECTED(SEALED, AES256_GCM, GMAC) },
	{ .name = "every cipher",
	  REQUIRED("server smb3 encryption algorithms = "
		   "AES-256-CCM, AES-128-CCM, AES-256-GCM, AES-128-GCM"),
	  PROTECTED(SEALED, AES256_GCM, GMAC) },
	{ .name = "CMAC",
	  REQUIRED("server smb3 signing algorithms = AES-128-CMAC"),
	  PROTECTED(SEALED, AES128_GCM, CMAC) },
	{ .name = "old dialects, signing as you like",
	  DESIRED("server min protocol = SMB2_02\nserver signing = auto"),
	  SEALED },
	{ .name = "few credits", REQUIRED("smb2 max credits = 4"), SEALED, .credits = 4 },
	{ .name = "one credit", REQUIRED("smb2 max credits = 1"), SEALED, .credits = 1 },
	{ .name = "IPv6", REQUIRED(NULL), .address = "smb://[::1]:%u/data", SEALED },
	{ .name = "UNC",
	  .settings = { .encrypt = "required", .port = 445 },
	  .address = "\\\\localhost\\data",
	  SEALED },
	{ .name = "locking", REQUIRED("posix locking = yes\nstrict locking = yes"), SEALED },
	{ .name = "case sensitive", REQUIRED("case sensitive = yes"), SEALED },
	{ .name = "sync always", REQUIRED("strict sync = yes\nsync always = yes"), SEALED },
	{ .name = "no sync", REQUIRED("strict sync = no"), SEALED },
	{ .name = "no oplocks, no leases",
	  REQUIRED("oplocks = no\nlevel2 oplocks = no\nsmb2 leases = no"),
	  SEALED },
};

/* What must be refused before the user is named to the server. */
static const struct {
	const char *name;
	struct smbd_private_settings settings;
	const char *says;
} refused[] = {
	{ "off", { .encrypt = "off" }, "does not offer encryption" },
	{ "CCM only",
	  { .encrypt = "required",
	    .options = "server smb3 encryption algorithms = AES-128-CCM, AES-256-CCM" },
	  "does not offer encryption" },
	{ "SMB 3.0.2",
	  { .encrypt = "desired",
	    .options = "server min protocol = SMB2_02\nserver max protocol = SMB3_02" },
	  "does not speak SMB 3.1.1" },
};

/* --- one server after the other --- */

static void start(struct smbd_private *server, const char *name,
		  const struct smbd_private_settings *settings)
{
	print_message("\n--- server: %s\n", name);
	if (!smbd_private_start_with(server, settings)) {
		smbd_private_stop(server);
		fail_msg("no server \"%s\"", name);
	}
}

static void address(struct smbd_private_options *options, const struct smbd_private *server,
		    const char *format)
{
	char text[64];

	smbd_private_options(options, server, "data", "");
	if (strstr(format, "%u") == NULL) {
		(void)snprintf(text, sizeof(text), "%s", format);
	} else {
		size_t before = (size_t)(strstr(format, "%u") - format);
		(void)snprintf(text, sizeof(text), "%.*s%u%s", (int)before, format, server->port,
			       format + before + 2);
	}
	assert_int_equal(share_address_parse(text, "path", &options->address, NULL), STATUS_OK);
}

static void expect_negotiated(const struct row *row, const struct smbd_private_options *options)
{
	struct share_smb_policy policy = { 0 };
	void *opened = NULL;
	struct error err;
	char text[1024];

	if (share_smb_driver.open(row->unencrypted ? &unencrypted : &policy, &options->options,
				  &opened, &err) != STATUS_OK)
		fail_msg("%s: %s", row->name, error_text(&err, text, sizeof(text)));
	const struct smb_connection *connection = opened;
	assert_int_equal(connection->security.protection, row->protection);
	assert_int_equal(connection->security.cipher, row->cipher);
	assert_int_equal(connection->security.signing, row->signing);
	if (row->limit != 0) {
		assert_int_equal(connection->limits.read, row->limit);
		assert_int_equal(connection->limits.write, row->limit);
		assert_int_equal(connection->limits.transact, row->limit);
	}
	if (row->credits != 0)
		assert_in_range(connection->credits, 1, row->credits);
	share_smb_driver.close(opened);
}

static int run_suite(const struct row *row, const struct smbd_private_options *options)
{
	struct share_suite_fixture fixture = { .options = options->options };
	struct share_registry registry;

	share_registry_init(&registry);
	if (row->unencrypted)
		share_registry_set(&registry, &share_smb_driver, &unencrypted);
	fixture.registry = &registry;
	return row->whole || getenv("SMB_MATRIX") != NULL
		       ? share_suite_run(row->name, &fixture)
		       : share_suite_run_files(row->name, &fixture);
}

static const struct row *row_under_test;

static void test_smb_matrix_negotiates_what_the_server_is_set_to(void **state)
{
	expect_negotiated(row_under_test, *state);
}

static int run_row(const struct row *row)
{
	struct smbd_private_options options;
	struct smbd_private server;
	const struct CMUnitTest negotiated[] = {
		cmocka_unit_test_prestate(test_smb_matrix_negotiates_what_the_server_is_set_to,
					  &options),
	};

	start(&server, row->name, &row->settings);
	address(&options, &server, row->address == NULL ? ANY_PORT : row->address);
	row_under_test = row;
	int failed = cmocka_run_group_tests_name(row->name, negotiated, NULL, NULL);
	failed += run_suite(row, &options);
	smbd_private_options_done(&options);
	smbd_private_stop(&server);
	return failed;
}

static void test_smb_matrix_unfit_servers_are_refused_before_the_logon(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct smbd_private_options options;
		struct smbd_private server;
		void *opened = NULL;
		struct error err = { .status = STATUS_OK };

		start(&server, refused[i].name, &refused[i].settings);
		address(&options, &server, ANY_PORT);
		options.password.data[0] = 'X';
		assert_int_equal(share_smb_driver.open(NULL, &options.options, &opened, &err),
				 STATUS_SHARE_NOT_ACCESSIBLE);
		print_message("%s\n", err.message);
		assert_non_null(strstr(err.message, refused[i].says));
		assert_int_equal(smbd_private_bad_logons(&server), 0);
		smbd_private_options_done(&options);
		smbd_private_stop(&server);
	}
}

/* Where port 445 is free, and nobody else is. */
static bool enter_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (unshare(CLONE_NEWNET) != 0)
		return false;
	AUTO_CLOSE descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return descriptor >= 0 && ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_matrix_unfit_servers_are_refused_before_the_logon),
	};

	if (!enter_network()) {
		perror("test_share_smb_matrix: a network of its own");
		return EXIT_FAILURE;
	}
	share_smb_clear_environment();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (getenv("SMB_MATRIX") == NULL)
		cmocka_set_skip_filter(LONG_TEST);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		failed += run_row(&rows[i]);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
