/* SPDX-License-Identifier: Apache-2.0 */
/* The lease of a repository and the slots of its sequence numbers. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_member.h"
#include "infrabackup/archive/lease.h"

#define NUMBER_DIGITS_MIN 8
#define NUMBER_DIGITS_MAX 19
#define SUFFIX ".json"

static const char *const states[] = {
	[ARCHIVE_LEASE_HELD] = "held",
	[ARCHIVE_LEASE_RELEASED] = "released",
	[ARCHIVE_LEASE_WITHDRAWN] = "withdrawn",
	NULL,
};

#define PLACE(field) .offset = offsetof(struct archive_lease, field)
#define ROOM(field) .size = sizeof(((struct archive_lease *)NULL)->field)

static const struct member lease_members[] = {
	{ .name = "number", .kind = MEMBER_UNSIGNED, .min = 1, PLACE(number) },
	{ .name = "state", .kind = MEMBER_TEXT, .allowed = states, PLACE(state), ROOM(state) },
	{ .name = "deploymentId", .kind = MEMBER_GUID, PLACE(deployment_id) },
	{ .name = "controllerId", .kind = MEMBER_GUID, PLACE(controller_id) },
	{ .name = "instanceId", .kind = MEMBER_GUID, PLACE(instance_id) },
	{ .name = "host", .kind = MEMBER_TEXT, PLACE(host), ROOM(host) },
	{ .name = "since", .kind = MEMBER_TIME, PLACE(since) },
	{ .name = "expires", .kind = MEMBER_TIME, PLACE(expires) },
};
static const struct member_table lease_table = { lease_members, ARRAY_LENGTH(lease_members) };

#undef PLACE
#undef ROOM
#define PLACE(field) .offset = offsetof(struct archive_slot, field)
#define ROOM(field) .size = sizeof(((struct archive_slot *)NULL)->field)

static const struct member slot_members[] = {
	{ .name = "sequence", .kind = MEMBER_UNSIGNED, .min = 1, PLACE(sequence) },
	{ .name = "isBarred", .kind = MEMBER_BOOLEAN, PLACE(is_barred) },
	{ .name = "backupId", .kind = MEMBER_GUID, PLACE(backup_id) },
	{ .name = "instanceId", .kind = MEMBER_GUID, PLACE(instance_id) },
	{ .name = "host", .kind = MEMBER_TEXT, PLACE(host), ROOM(host) },
	{ .name = "time", .kind = MEMBER_TIME, PLACE(time) },
};
static const struct member_table slot_table = { slot_members, ARRAY_LENGTH(slot_members) };

const char *archive_lease_state_name(enum archive_lease_state state)
{
	return states[state];
}

enum archive_lease_state archive_lease_state_of(const struct archive_lease *lease)
{
	for (int i = 0; states[i] != NULL; i++) {
		if (strcmp(states[i], lease->state) == 0)
			return (enum archive_lease_state)i;
	}
	return ARCHIVE_LEASE_HELD;
}

void archive_number_name(const char *folder, uint64_t number, char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, "%s/%08" PRIu64 SUFFIX, folder, number);
}

/* Only the one spelling of a number is accepted: two names never mean the same. */
bool archive_number_parse(const char *name, uint64_t *number)
{
	size_t digits = strspn(name, "0123456789");

	if (digits < NUMBER_DIGITS_MIN || digits > NUMBER_DIGITS_MAX ||
	    (digits > NUMBER_DIGITS_MIN && name[0] == '0') || strcmp(name + digits, SUFFIX) != 0)
		return false;
	*number = strtoull(name, NULL, 10);
	return *number > 0;
}

enum status archive_lease_write(const struct archive_lease *lease, struct buffer *out,
				struct error *err)
{
	return member_file_write(&lease_table, lease, ARCHIVE_SMALL_FILE_MAX, out, err);
}

enum status archive_lease_parse(const void *data, size_t length, struct archive_lease *out,
				struct error *err)
{
	struct archive_lease lease = { 0 };
	enum status status = member_file_read(&lease_table, "lease", data, length,
					      ARCHIVE_SMALL_FILE_MAX, &lease, err);

	if (status == STATUS_OK)
		*out = lease;
	return status;
}

enum status archive_slot_write(const struct archive_slot *slot, struct buffer *out,
			       struct error *err)
{
	return member_file_write(&slot_table, slot, ARCHIVE_SMALL_FILE_MAX, out, err);
}

enum status archive_slot_parse(const void *data, size_t length, struct archive_slot *out,
			       struct error *err)
{
	struct archive_slot slot = { 0 };
	enum status status = member_file_read(&slot_table, "sequence slot", data, length,
					      ARCHIVE_SMALL_FILE_MAX, &slot, err);

	if (status == STATUS_OK)
		*out = slot;
	return status;
}
