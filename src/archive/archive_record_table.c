/* SPDX-License-Identifier: Apache-2.0 */
/* The members of backup.json, and what must hold between them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "archive_record_table.h"
#include "archive_role.h"
#include "infrabackup/archive/pack.h"

#define PLACE_IN(type, field) .offset = offsetof(struct type, field)
#define ROOM_IN(type, field) .size = sizeof(((struct type *)NULL)->field)
#define LIST_IN(type, field, count)                                                                \
	.offset = offsetof(struct type, field), .second = offsetof(struct type, count),            \
	.size = sizeof(*((struct type *)NULL)->field)
#define TABLE(members)                                                                             \
	{                                                                                          \
		members, ARRAY_LENGTH(members)                                                     \
	}

#define PLACE(field) PLACE_IN(archive_record, field)
#define ROOM(field) ROOM_IN(archive_record, field)

static const char *const record_states[] = { "Succeeded", "PartialSucceeded", NULL };
static const char *const role_states[] = { "Succeeded", "PartialSucceeded", "Failed", NULL };
static const char *const purposes[] = { "location", "escrow", "drill", NULL };

static bool is_generation(const char *text)
{
	unsigned number = 0;

	return archive_generation_parse(text, &number);
}

static const struct member manifest_members[] = {
	{ .name = "size", .kind = MEMBER_UNSIGNED, .min = 1, PLACE(manifest_size) },
	{ .name = "sha256", .kind = MEMBER_DIGEST, PLACE(manifest_sha256) },
};
static const struct member_table manifest_table = TABLE(manifest_members);

static const struct member link_members[] = {
	{ .name = "backupId", .kind = MEMBER_GUID, PLACE_IN(archive_link, backup_id) },
	{ .name = "sequence", .kind = MEMBER_UNSIGNED, .min = 1, PLACE_IN(archive_link, sequence) },
	{ .name = "sha256", .kind = MEMBER_DIGEST, PLACE_IN(archive_link, sha256) },
};
const struct member_table archive_link_table = TABLE(link_members);

static const struct member recipient_members[] = {
	{ .name = "thumbprint",
	  .kind = MEMBER_THUMBPRINT,
	  PLACE_IN(archive_recipient, thumbprint) },
	{ .name = "sha256", .kind = MEMBER_DIGEST, PLACE_IN(archive_recipient, sha256) },
	{ .name = "purpose",
	  .kind = MEMBER_TEXT,
	  .allowed = purposes,
	  PLACE_IN(archive_recipient, purpose),
	  ROOM_IN(archive_recipient, purpose) },
};
static const struct member_table recipient_table = TABLE(recipient_members);

#define TAKEN(field)                                                                               \
	.offset = offsetof(struct archive_record_role, taken.field) -                              \
		  offsetof(struct archive_record_role, taken)
static const struct member taken_members[] = {
	{ .name = "backupId", .kind = MEMBER_GUID, TAKEN(backup_id) },
	{ .name = "startedTime", .kind = MEMBER_TIME, TAKEN(started_time) },
	{ .name = "endedTime", .kind = MEMBER_TIME, TAKEN(ended_time) },
};
static const struct member_table taken_table = TABLE(taken_members);

static const struct member role_members[] = {
	{ .name = "roleName",
	  .kind = MEMBER_OWNED_TEXT,
	  .is_valid = archive_role_name_is_valid,
	  PLACE_IN(archive_record_role, name) },
	{ .name = "provider", .kind = MEMBER_OWNED_TEXT, PLACE_IN(archive_record_role, provider) },
	{ .name = "essential", .kind = MEMBER_BOOLEAN, PLACE_IN(archive_record_role, essential) },
	{ .name = "restorePriority",
	  .kind = MEMBER_SIGNED_32,
	  PLACE_IN(archive_record_role, restore_priority) },
	{ .name = "status",
	  .kind = MEMBER_TEXT,
	  .allowed = role_states,
	  PLACE_IN(archive_record_role, status),
	  ROOM_IN(archive_record_role, status) },
	{ .name = "entries", .kind = MEMBER_UNSIGNED, PLACE_IN(archive_record_role, entries) },
	{ .name = "bytes", .kind = MEMBER_UNSIGNED, PLACE_IN(archive_record_role, bytes) },
	{ .name = "newBytes", .kind = MEMBER_UNSIGNED, PLACE_IN(archive_record_role, new_bytes) },
	{ .name = "problems", .kind = MEMBER_UNSIGNED, PLACE_IN(archive_record_role, problems) },
	{ .name = "error", .kind = MEMBER_MESSAGE, PLACE_IN(archive_record_role, error_message) },
	{ .name = "takenFrom",
	  .kind = MEMBER_OBJECT,
	  .optional = true,
	  .elements = &taken_table,
	  PLACE_IN(archive_record_role, taken),
	  .second = offsetof(struct archive_record_role, is_taken) },
};
static const struct member_table role_table = TABLE(role_members);

static const struct member session_members[] = {
	{ .name = "sessionId", .kind = MEMBER_GUID, PLACE_IN(archive_record_session, session_id) },
	{ .name = "wrappedKey",
	  .kind = MEMBER_OWNED_BYTES,
	  PLACE_IN(archive_record_session, wrapped_key),
	  .second = offsetof(struct archive_record_session, wrapped_key_length) },
};
static const struct member_table session_table = TABLE(session_members);

static const struct member pack_members[] = {
	{ .name = "sha256", .kind = MEMBER_DIGEST, PLACE_IN(archive_record_pack, sha256) },
	{ .name = "size",
	  .kind = MEMBER_UNSIGNED,
	  .min = ARCHIVE_PACK_HEADER_SIZE + ARCHIVE_PACK_TRAILER_SIZE,
	  PLACE_IN(archive_record_pack, size) },
	{ .name = "session", .kind = MEMBER_UNSIGNED_32, PLACE_IN(archive_record_pack, session) },
};
static const struct member_table pack_table = TABLE(pack_members);

static const struct member record_members[] = {
	{ .name = "repositoryId", .kind = MEMBER_GUID, PLACE(repository_id) },
	{ .name = "repositorySha256", .kind = MEMBER_DIGEST, PLACE(repository_sha256) },
	{ .name = "deploymentId", .kind = MEMBER_GUID, PLACE(deployment_id) },
	{ .name = "externalDomain",
	  .kind = MEMBER_TEXT,
	  PLACE(external_domain),
	  ROOM(external_domain) },
	{ .name = "region", .kind = MEMBER_TEXT, PLACE(region), ROOM(region) },
	{ .name = "backupId", .kind = MEMBER_GUID, PLACE(backup_id) },
	{ .name = "sequence", .kind = MEMBER_UNSIGNED, .min = 1, PLACE(sequence) },
	{ .name = "sessionId", .kind = MEMBER_GUID, PLACE(session_id) },
	{ .name = "generation",
	  .kind = MEMBER_TEXT,
	  .is_valid = is_generation,
	  PLACE(generation),
	  ROOM(generation) },
	{ .name = "startedTime", .kind = MEMBER_TIME, PLACE(started_time) },
	{ .name = "completedTime", .kind = MEMBER_TIME, PLACE(completed_time) },
	{ .name = "status",
	  .kind = MEMBER_TEXT,
	  .allowed = record_states,
	  PLACE(status),
	  ROOM(status) },
	{ .name = "isAutomatic", .kind = MEMBER_BOOLEAN, PLACE(is_automatic) },
	{ .name = "isCloudRecoveryReady", .kind = MEMBER_BOOLEAN, PLACE(is_cloud_recovery_ready) },
	{ .name = "stampVersion", .kind = MEMBER_TEXT, PLACE(stamp_version), ROOM(stamp_version) },
	{ .name = "oemVersion",
	  .kind = MEMBER_TEXT,
	  .nullable = true,
	  PLACE(oem_version),
	  ROOM(oem_version) },
	{ .name = "encryptionCertThumbprint", .kind = MEMBER_THUMBPRINT, PLACE(thumbprint) },
	{ .name = "manifest", .kind = MEMBER_OBJECT, .elements = &manifest_table },
	{ .name = "bytes", .kind = MEMBER_UNSIGNED, PLACE(bytes) },
	{ .name = "newBytes", .kind = MEMBER_UNSIGNED, PLACE(new_bytes) },
	{ .name = "previous",
	  .kind = MEMBER_OBJECT,
	  .nullable = true,
	  .elements = &archive_link_table,
	  PLACE(previous),
	  .second = offsetof(struct archive_record, has_previous) },
	{ .name = "recipients",
	  .kind = MEMBER_ARRAY,
	  .elements = &recipient_table,
	  LIST_IN(archive_record, recipients, recipient_count) },
	{ .name = "roles",
	  .kind = MEMBER_ARRAY,
	  .elements = &role_table,
	  LIST_IN(archive_record, roles, role_count) },
	{ .name = "sessions",
	  .kind = MEMBER_ARRAY,
	  .elements = &session_table,
	  LIST_IN(archive_record, sessions, session_count) },
	{ .name = "packs",
	  .kind = MEMBER_ARRAY,
	  .elements = &pack_table,
	  LIST_IN(archive_record, packs, pack_count) },
};
const struct member_table archive_record_table = TABLE(record_members);

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorted, not compared pair by pair: a foreign file can have a very great number of them. */
static enum status check_unique(const char **texts, size_t count, const char *field,
				struct error *err)
{
	qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(texts[i - 1], texts[i]) == 0)
			return fail_field(err, field, "found \"%.80s\" twice", texts[i]);
	}
	return STATUS_OK;
}

static enum status check_roles(const struct archive_record *record, struct error *err)
{
	AUTO_FREE const char **names = calloc(record->role_count + 1, sizeof(*names));

	if (names == NULL)
		return fail_memory(err, "check backup.json");
	for (size_t i = 0; i < record->role_count; i++)
		names[i] = record->roles[i].name;
	return check_unique(names, record->role_count, "$.roles", err);
}

static enum status check_sessions(const struct archive_record *record, struct error *err)
{
	AUTO_FREE const char **ids = calloc(record->session_count + 1, sizeof(*ids));
	bool has_own = false;

	if (ids == NULL)
		return fail_memory(err, "check backup.json");
	for (size_t i = 0; i < record->session_count; i++) {
		ids[i] = record->sessions[i].session_id;
		has_own = has_own || text_equal_ignoring_case(ids[i], record->session_id);
	}
	if (!has_own)
		return fail_field(err, "$.sessionId", "found a session that is not in $.sessions");
	return check_unique(ids, record->session_count, "$.sessions", err);
}

static enum status check_packs(const struct archive_record *record, struct error *err)
{
	for (size_t i = 0; i < record->pack_count; i++) {
		const struct archive_record_pack *pack = &record->packs[i];
		char field[sizeof(err->field)];

		if (pack->session >= record->session_count) {
			(void)snprintf(field, sizeof(field), "$.packs[%zu].session", i);
			return fail_field(err, field, "found %u, there are %zu sessions",
					  pack->session, record->session_count);
		}
		if (pack->size > ARCHIVE_PACK_MAX) {
			(void)snprintf(field, sizeof(field), "$.packs[%zu].size", i);
			return fail_field(err, field, "found more than the %u bytes of a pack",
					  ARCHIVE_PACK_MAX);
		}
	}
	return STATUS_OK;
}

enum status archive_record_check(const struct archive_record *record, struct error *err)
{
	if (record->has_previous && record->previous.sequence >= record->sequence)
		return fail_field(err, "$.previous.sequence",
				  "found a predecessor that is not older");
	enum status status = check_roles(record, err);
	if (status == STATUS_OK)
		status = check_sessions(record, err);
	return status != STATUS_OK ? status : check_packs(record, err);
}
