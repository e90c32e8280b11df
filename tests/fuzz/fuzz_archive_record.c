/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as repository.json, backup.json, COMMIT and mark of a deletion: what is accepted can be
 * written, and reads the same. */
#include <string.h>

#include "infrabackup/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_record(const uint8_t *data, size_t size)
{
	struct archive_record *record = NULL;
	struct archive_record *again = NULL;
	struct buffer first = { 0 };
	struct buffer second = { 0 };

	if (archive_record_parse(data, size, &record, NULL) == STATUS_OK) {
		require(archive_record_write(record, &first, NULL) == STATUS_OK);
		require(archive_record_parse(first.data, first.length, &again, NULL) == STATUS_OK);
		require(archive_record_write(again, &second, NULL) == STATUS_OK);
		require(first.length == second.length &&
			memcmp(first.data, second.data, first.length) == 0);
	}
	archive_record_free(record);
	archive_record_free(again);
	buffer_done(&first);
	buffer_done(&second);
}

/* Whoever follows marks must come to an end. */
static void check_deletion(const uint8_t *data, size_t size)
{
	struct archive_deletion deletion, again;
	struct buffer out = { 0 };

	if (archive_deletion_parse(data, size, &deletion, NULL) != STATUS_OK)
		return;
	require(!deletion.has_previous || deletion.previous.sequence < deletion.backup.sequence);
	require(archive_deletion_write(&deletion, &out, NULL) == STATUS_OK);
	require(archive_deletion_parse(out.data, out.length, &again, NULL) == STATUS_OK);
	require(memcmp(&again.backup, &deletion.backup, sizeof(again.backup)) == 0);
	require(again.has_previous == deletion.has_previous);
	buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive_repository repository;
	struct archive_commit commit;
	struct buffer out = { 0 };

	if (archive_repository_parse(data, size, &repository, NULL) == STATUS_OK)
		require(archive_repository_write(&repository, &out, NULL) == STATUS_OK);
	if (archive_commit_parse(data, size, &commit, NULL) == STATUS_OK)
		require(archive_commit_write(&commit, &out, NULL) == STATUS_OK);
	buffer_done(&out);
	check_deletion(data, size);
	check_record(data, size);
	return 0;
}
