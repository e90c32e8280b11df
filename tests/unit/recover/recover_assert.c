/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of module recover say about a repository as a whole. */
#include <stdio.h>
#include <string.h>

#include "recover_fixture.h"

void recover_remove_backup(const struct recover_fixture *fixture, size_t index)
{
	AUTO_FREE char *folder = recover_folder(fixture, index);
	char path[512];
	(void)snprintf(path, sizeof path, "share/%s", folder);
	recover_remove(fixture, path);
}

void recover_assert_recovers(const struct recover_fixture *fixture, size_t index)
{
	char source[32], text[1024];
	struct error err;
	enum status status =
		recover_into_folder(fixture, NULL, fixture->backups[index].backup_id, &err);
	if (status != STATUS_OK)
		fail_msg("backup %zu: %s", index, error_text(&err, text, sizeof text));
	(void)snprintf(source, sizeof source, "source-%zu", index);
	assert_int_equal(recover_compare(fixture, source), 0);
}

void recover_assert_found(const struct recover_fixture *fixture,
			  const struct recover_expected *expected, const char *path,
			  enum recover_scope scope, const char *text)
{
	struct recover_verify_result result;
	recover_verify_all(fixture, expected, false, &result);
	const struct recover_finding *finding = recover_finding_at(&result.findings, path, true);
	if (finding == NULL || strstr(finding->text, text) == NULL || finding->scope != scope) {
		recover_findings_print(&result.findings);
		fail_msg("no fatal finding at %s that says \"%s\"", path, text);
	}
	recover_verify_result_done(&result);
}

size_t recover_count_fatal(const struct recover_fixture *fixture,
			   const struct recover_expected *expected)
{
	struct recover_verify_result result;
	recover_verify_all(fixture, expected, true, &result);
	size_t count = result.findings.fatal_count;
	recover_verify_result_done(&result);
	return count;
}
