/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a share for reading: connection and marker. */
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

enum status recover_connect(const struct recover_source *source, struct share **out,
			    struct error *err)
{
	return share_open(source->settings.shares, source->settings.share, out, err);
}

void recover_report(const struct recover_source *source, const char *phase, uint64_t done,
		    uint64_t total)
{
	if (source->settings.progress != NULL)
		source->settings.progress(source->settings.progress_context, phase, done, total);
}

struct marker_file {
	struct buffer bytes;
	struct archive_repository marker;
	bool is_there;
	bool is_valid;
	unsigned char sha256[SHA256_SIZE];
};

static enum status read_marker(struct recover_source *source, const char *name,
			       struct marker_file *file, struct error *err)
{
	struct error damage;
	enum status status =
		share_get(source->share, name, ARCHIVE_SMALL_FILE_MAX, &file->bytes, err);
	if (status == STATUS_NOT_FOUND)
		return recover_note(&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, name,
				    err, "the repository marker is missing");
	if (status == STATUS_TOO_LARGE)
		return recover_note(&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, name,
				    err, "the repository marker is far too large to be one");
	if (status != STATUS_OK)
		return status;
	file->is_there = true;
	hash_sha256(file->bytes.data, file->bytes.length, file->sha256);
	file->is_valid = archive_repository_parse(file->bytes.data, file->bytes.length,
						  &file->marker, &damage) == STATUS_OK;
	if (file->is_valid)
		return STATUS_OK;
	return recover_note(&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, name, err,
			    "the repository marker is damaged: %s%s%s", damage.field,
			    damage.field[0] != '\0' ? ": " : "", damage.message);
}

static bool is_expected(const struct recover_source *source, const struct marker_file *file)
{
	char fingerprint[FINGERPRINT_TEXT_SIZE];
	signer_fingerprint(file->marker.signer_public_key, fingerprint);
	return source->settings.signer != NULL &&
	       text_equal_ignoring_case(source->settings.signer, fingerprint);
}

static const struct marker_file *choose_marker(const struct recover_source *source,
					       const struct marker_file *first,
					       const struct marker_file *copy)
{
	if (!first->is_valid)
		return copy;
	if (copy->is_valid && !is_expected(source, first) && is_expected(source, copy))
		return copy;
	return first;
}

/* Which of two readable markers is right is known later, from the hash that every backup.json
 * carries. */
static enum status compare_markers(struct recover_source *source, const struct marker_file *first,
				   const struct marker_file *copy, struct error *err)
{
	if (!first->is_there && !copy->is_there)
		return fail(err, STATUS_NOT_FOUND, "open repository", ARCHIVE_ROOT,
			    "there is no repository on this share: neither repository.json nor its "
			    "copy is there");
	const struct marker_file *chosen = choose_marker(source, first, copy);
	source->has_marker = chosen->is_valid;
	source->marker = chosen->marker;
	memcpy(source->marker_sha256, first->sha256, SHA256_SIZE);
	memcpy(source->copy_sha256, copy->sha256, SHA256_SIZE);
	if (!first->is_valid || !copy->is_valid ||
	    memcmp(first->sha256, copy->sha256, SHA256_SIZE) == 0)
		return STATUS_OK;
	return recover_note(
		&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, ARCHIVE_REPOSITORY_FILE,
		err, "it differs from %s: one of the two was changed", ARCHIVE_REPOSITORY_COPY);
}

static enum status check_signer(struct recover_source *source, struct error *err)
{
	char fingerprint[FINGERPRINT_TEXT_SIZE];
	const char *expected = source->settings.signer;
	if (!source->has_marker)
		return STATUS_OK;
	signer_fingerprint(source->marker.signer_public_key, fingerprint);
	if (expected == NULL)
		return recover_note(
			&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, false,
			ARCHIVE_REPOSITORY_FILE, err,
			"signed by %s as the share itself says; the origin is not proven "
			"(give the fingerprint from the recovery kit with --signer)",
			fingerprint);
	if (text_equal_ignoring_case(expected, fingerprint))
		return STATUS_OK;
	source->signer_is_wrong = true;
	return recover_note(
		&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, ARCHIVE_REPOSITORY_FILE,
		err,
		"the repository is signed by %s, expected was %s: it was not written by "
		"the service you trust",
		fingerprint, expected);
}

static enum status open_repository(struct recover_source *source, struct error *err)
{
	struct marker_file first, copy;
	memset(&first, 0, sizeof first);
	memset(&copy, 0, sizeof copy);
	buffer_init(&first.bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	buffer_init(&copy.bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = read_marker(source, ARCHIVE_REPOSITORY_FILE, &first, err);
	if (status == STATUS_OK)
		status = read_marker(source, ARCHIVE_REPOSITORY_COPY, &copy, err);
	if (status == STATUS_OK)
		status = compare_markers(source, &first, &copy, err);
	if (status == STATUS_OK)
		status = check_signer(source, err);
	buffer_done(&first.bytes);
	buffer_done(&copy.bytes);
	return status;
}

enum status recover_source_open(const struct recover_settings *settings,
				struct recover_source **out, struct error *err)
{
	struct recover_source *source = calloc(1, sizeof *source);
	if (source == NULL)
		return fail_memory(err, "open repository");
	source->settings = *settings;
	enum status status = recover_connect(source, &source->share, err);
	if (status == STATUS_OK)
		status = open_repository(source, err);
	if (status == STATUS_OK)
		*out = source;
	else
		recover_source_close(source);
	return status;
}

void recover_source_close(struct recover_source *source)
{
	if (source == NULL)
		return;
	for (size_t i = 0; i < source->backup_count; i++)
		archive_record_free(source->backups[i].record);
	free(source->backups);
	free(source->deletions);
	recover_findings_done(&source->findings);
	share_close(source->share);
	free(source);
}

const struct recover_findings *recover_source_findings(const struct recover_source *source)
{
	return &source->findings;
}

enum status recover_source_space(struct recover_source *source, struct share_space *out,
				 struct error *err)
{
	if ((share_features(source->share) & SHARE_FEATURE_FREE_SPACE) == 0)
		return fail(err, STATUS_UNSUPPORTED, "look at free space", NULL,
			    "the share does not tell what is free");
	return share_free_space(source->share, out, err);
}
