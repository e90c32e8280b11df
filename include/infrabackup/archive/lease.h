/* SPDX-License-Identifier: Apache-2.0 */
/* Files by which writers keep out of each other's way (api/FORMAT.md section 11). Readers need none
 * of them. */
#ifndef INFRABACKUP_ARCHIVE_LEASE_H
#define INFRABACKUP_ARCHIVE_LEASE_H

#include "infrabackup/archive/layout.h"

#define ARCHIVE_LEASES ARCHIVE_ROOT "/leases"
#define ARCHIVE_SEQUENCE ARCHIVE_ROOT "/sequence"
#define ARCHIVE_SERVICE ARCHIVE_ROOT "/service" /* sealed copies of the service's state */
#define ARCHIVE_HOST_SIZE 256

enum archive_lease_state {
	ARCHIVE_LEASE_HELD,
	ARCHIVE_LEASE_RELEASED,  /* by its holder, who writes no more */
	ARCHIVE_LEASE_WITHDRAWN, /* by an operator: the holder may not know */
};

/* One link of the lease's history; the highest number counts. */
struct archive_lease {
	uint64_t number; /* from 1 */
	char state[16];  /* name of an enum archive_lease_state */
	char deployment_id[GUID_TEXT_SIZE];
	char controller_id[GUID_TEXT_SIZE]; /* a state directory on a host */
	char instance_id[GUID_TEXT_SIZE];   /* one process of it */
	char host[ARCHIVE_HOST_SIZE];
	int64_t since;   /* when this process became the holder; ms since 1970 UTC */
	int64_t expires; /* unless a higher number comes before */
};

/* Whose a sequence number is: of one backup, or barred for ever. */
struct archive_slot {
	uint64_t sequence;
	bool is_barred;
	char backup_id[GUID_TEXT_SIZE];   /* of the process that barred it, when it is barred */
	char instance_id[GUID_TEXT_SIZE]; /* who wrote this */
	char host[ARCHIVE_HOST_SIZE];
	int64_t time; /* ms since 1970 UTC */
};

const char *archive_lease_state_name(enum archive_lease_state state);
enum archive_lease_state archive_lease_state_of(const struct archive_lease *lease);

/* Names of both are "<number>.json", at least eight digits, in a folder of their own. */
void archive_number_name(const char *folder, uint64_t number, char name[ARCHIVE_NAME_SIZE]);
/* True for a well-formed last component. */
bool archive_number_parse(const char *name, uint64_t *number);

/* As the other clear files: STATUS_INVALID names what cannot be written, STATUS_INTEGRITY what is
 * wrong in what was read. */
MUST_CHECK enum status archive_lease_write(const struct archive_lease *lease, struct buffer *out,
					   struct error *err);
MUST_CHECK enum status archive_lease_parse(const void *data, size_t length,
					   struct archive_lease *out, struct error *err);
MUST_CHECK enum status archive_slot_write(const struct archive_slot *slot, struct buffer *out,
					  struct error *err);
MUST_CHECK enum status archive_slot_parse(const void *data, size_t length, struct archive_slot *out,
					  struct error *err);

#endif
