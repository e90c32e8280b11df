/* SPDX-License-Identifier: Apache-2.0 */
/* A backup.json with one of everything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_record_fixture.h"

#define DIGEST(pair)                                                                               \
	pair pair pair pair pair pair pair pair pair pair pair pair pair pair pair pair pair pair  \
		pair pair pair pair pair pair pair pair pair pair pair pair pair pair

const char record_fixture_text[] =
	"{\"format\":\"infrabackup-1\","
	"\"repositoryId\":\"00112233-4455-6677-8899-aabbccddeeff\","
	"\"repositorySha256\":\"" DIGEST(
		"01") "\","
		      "\"deploymentId\":\"11112233-4455-6677-8899-aabbccddeeff\","
		      "\"externalDomain\":\"contoso.com\",\"region\":\"north\","
		      "\"backupId\":\"22112233-4455-6677-8899-aabbccddeeff\",\"sequence\":12,"
		      "\"sessionId\":\"33112233-4455-6677-8899-aabbccddeeff\","
		      "\"generation\":\"0001-5c1b0e0f\","
		      "\"startedTime\":\"2026-11-21T05:26:36.123Z\","
		      "\"completedTime\":\"2026-11-21T05:27:36Z\","
		      "\"status\":\"PartialSucceeded\",\"isAutomatic\":true,"
		      "\"isCloudRecoveryReady\":false,"
		      "\"stampVersion\":\"1.2311.1.22\",\"oemVersion\":null,"
		      "\"encryptionCertThumbprint\":\"5C1B0E0FAABBCCDDEEFF00112233445566778899\","
		      "\"manifest\":{\"size\":1234,\"sha256\":\"" DIGEST(
			      "02") "\"},"
				    "\"bytes\":9223372036854775807,\"newBytes\":0,"
				    "\"previous\":{\"backupId\":\"44112233-4455-6677-8899-"
				    "aabbccddeeff\",\"sequence\":11,"
				    "\"sha256\":\"" DIGEST(
					    "03") "\"},"
						  "\"recipients\":[{\"thumbprint\":"
						  "\"5C1B0E0FAABBCCDDEEFF00112233445566778899\","
						  "\"sha256\":\"" DIGEST(
							  "04") "\",\"purpose\":\"location\"}],"
								"\"roles\":[{\"roleName\":\"ARM\","
								"\"provider\":\"postgresql\","
								"\"essential\":true,"
								"\"restorePriority\":-2147483648,"
								"\"status\":\"Succeeded\","
								"\"entries\":5,\"bytes\":6,"
								"\"newBytes\":7,\"problems\":8,"
								"\"error\":null},"
								"{\"roleName\":\"KeyVault "
								"\303\244\",\"provider\":"
								"\"directory\",\"essential\":false,"
								"\"restorePriority\":3,\"status\":"
								"\"Failed\",\"entries\":0,"
								"\"bytes\":0,"
								"\"newBytes\":0,\"problems\":0,"
								"\"error\":\"it is "
								"\\\"gone\\\"\"}],"
								"\"sessions\":[{\"sessionId\":"
								"\"33112233-4455-6677-8899-"
								"aabbccddeeff\","
								"\"wrappedKey\":\"AAEC\"},"
								"{\"sessionId\":\"55112233-4455-"
								"6677-8899-aabbccddeeff\","
								"\"wrappedKey\":\"/w==\"}],"
								"\"packs\":[{\"sha256\":\"" DIGEST(
									"05") "\",\"size\":128,"
									      "\"session\":0},"
									      "{\"sha256\":"
									      "\"" DIGEST(
										      "06") "\","
											    "\"size"
											    "\":"
											    "335544"
											    "32,"
											    "\"sess"
											    "ion\":"
											    "1}]}";

static void set_text(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text);
}
#define SET(to, text) set_text(to, sizeof(to), text)

static void *own(const void *data, size_t length)
{
	void *copy = malloc(length);

	assert_non_null(copy);
	memcpy(copy, data, length);
	return copy;
}

static void fill_names(struct archive_record *record)
{
	SET(record->repository_id, "00112233-4455-6677-8899-aabbccddeeff");
	SET(record->deployment_id, "11112233-4455-6677-8899-AABBCCDDEEFF");
	SET(record->external_domain, "contoso.com");
	SET(record->region, "north");
	SET(record->backup_id, "22112233-4455-6677-8899-aabbccddeeff");
	SET(record->session_id, "33112233-4455-6677-8899-aabbccddeeff");
	SET(record->generation, "0001-5c1b0e0f");
	SET(record->status, "PartialSucceeded");
	SET(record->stamp_version, "1.2311.1.22");
	SET(record->thumbprint, "5C1B0E0FAABBCCDDEEFF00112233445566778899");
	SET(record->previous.backup_id, "44112233-4455-6677-8899-aabbccddeeff");
	memset(record->repository_sha256, 1, SHA256_SIZE);
	memset(record->manifest_sha256, 2, SHA256_SIZE);
	memset(record->previous.sha256, 3, SHA256_SIZE);
}

static void fill_roles(struct archive_record *record)
{
	record->roles = calloc(2, sizeof(*record->roles));
	assert_non_null(record->roles);
	record->role_count = 2;
	record->roles[0] = (struct archive_record_role) {
		.name = own("ARM", 4),
		.provider = own("postgresql", 11),
		.essential = true,
		.restore_priority = INT32_MIN,
		.status = "Succeeded",
		.entries = 5,
		.bytes = 6,
		.new_bytes = 7,
		.problems = 8,
	};
	record->roles[1] = (struct archive_record_role) {
		.name = own("KeyVault \303\244", 12),
		.provider = own("directory", 10),
		.restore_priority = 3,
		.status = "Failed",
		.error_message = own("it is \"gone\"", 13),
	};
}

static void fill_lists(struct archive_record *record)
{
	record->recipients = calloc(1, sizeof(*record->recipients));
	record->sessions = calloc(2, sizeof(*record->sessions));
	record->packs = calloc(2, sizeof(*record->packs));
	assert_true(record->recipients != NULL && record->sessions != NULL &&
		    record->packs != NULL);
	record->recipient_count = 1;
	record->session_count = record->pack_count = 2;
	SET(record->recipients[0].thumbprint, record->thumbprint);
	SET(record->recipients[0].purpose, "location");
	memset(record->recipients[0].sha256, 4, SHA256_SIZE);
	SET(record->sessions[0].session_id, record->session_id);
	record->sessions[0].wrapped_key = own("\0\1\2", 3);
	record->sessions[0].wrapped_key_length = 3;
	SET(record->sessions[1].session_id, "55112233-4455-6677-8899-aabbccddeeff");
	record->sessions[1].wrapped_key = own("\xff", 1);
	record->sessions[1].wrapped_key_length = 1;
	record->packs[0].size = 128;
	record->packs[1].size = ARCHIVE_PACK_MAX;
	record->packs[1].session = 1;
	memset(record->packs[0].sha256, 5, SHA256_SIZE);
	memset(record->packs[1].sha256, 6, SHA256_SIZE);
}

struct archive_record *record_fixture_new(void)
{
	struct archive_record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	record->sequence = 12;
	record->started_time = INT64_C(1795238796123);
	record->completed_time = INT64_C(1795238856000);
	record->is_automatic = true;
	record->manifest_size = 1234;
	record->bytes = INT64_MAX;
	record->has_previous = true;
	record->previous.sequence = 11;
	fill_names(record);
	fill_roles(record);
	fill_lists(record);
	return record;
}

char *record_fixture_replace(const char *text, const char *old, const char *replacement)
{
	const char *at = strstr(text, old);
	char *made = NULL;

	if (at == NULL)
		print_error("not in the text: %s\n", old);
	assert_non_null(at);
	assert_true(asprintf(&made, "%.*s%s%s", (int)(at - text), text, replacement,
			     at + strlen(old)) > 0);
	return made;
}
