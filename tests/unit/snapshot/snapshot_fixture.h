/* SPDX-License-Identifier: Apache-2.0 */
/* Folders for a test, and a pump that takes a snapshot and restores it at once. */
#ifndef SNAPSHOT_FIXTURE_H
#define SNAPSHOT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "fake/tree_compare.h"
#include "infrabackup/snapshot.h"

/* Last: its macro fail() would break the declaration of ours. */
#include <cmocka.h>

struct snapshot_fixture {
	char folder[128];
	char source[160];                  /* exists, empty */
	char target[160];                  /* does not exist */
	struct snapshot_settings settings; /* directory provider on source */
	struct snapshot_settings target_settings;
	struct cancel *cancel;
	struct error err;
	uint64_t problems;            /* files the last pump could not open */
	struct restore_report report; /* of the last pump */
};

int snapshot_fixture_setup(void **state);
int snapshot_fixture_teardown(void **state);

/* "@fixture->source/@name", valid until the call after the next three. */
const char *source_path(struct snapshot_fixture *fixture, const char *name);
void make_file(struct snapshot_fixture *fixture, const char *name, const char *content);
void make_folder(struct snapshot_fixture *fixture, const char *name);
/* Everything of the snapshot by @from into a restore by @to, by fixture's settings. */
enum status pump(struct snapshot_fixture *fixture, const struct snapshot_driver *from,
		 const struct snapshot_driver *to);
/* pump() of a directory into a directory, which has to work and to be equal. */
void assert_round_trip(struct snapshot_fixture *fixture, unsigned flags);

/* A walk by hand: next(), asserted to work. False at the end. */
bool next_entry(struct snapshot_fixture *fixture, struct snapshot *snapshot,
		struct snapshot_entry *entry);
struct snapshot *open_directory(struct snapshot_fixture *fixture);
void close_directory(struct snapshot_fixture *fixture, struct snapshot *snapshot);
/* A copy of the entry called @path of a fresh walk; NULL when it is not there. */
struct snapshot_entry *find_entry(struct snapshot_fixture *fixture, const char *path);
struct restore *open_restore(struct snapshot_fixture *fixture);
/* begin, content, end of an entry that the test made up. */
enum status put_entry(struct snapshot_fixture *fixture, struct restore *restore,
		      const struct snapshot_entry *entry, const char *content);

#endif
