/* SPDX-License-Identifier: Apache-2.0 */
/* Verification in steps, for a caller that keeps its own account of what was read when: backups are
 * opened, packs of any of them are read one by one, files are put together from where an earlier
 * check stopped. What recover_verify() does in one go. */
#ifndef INFRABACKUP_RECOVER_CHECK_H
#define INFRABACKUP_RECOVER_CHECK_H

#include "infrabackup/archive.h"
#include "infrabackup/crypto.h"

struct recover_backup;
struct recover_findings;
struct recover_source;

/* One backup that is checked. */
struct recover_check;

/* Reads manifest.bin against its hash and, with @key, opens the keys of the backup's sessions. What
 * is wrong with the backup is a finding, not an error; STATUS_AUTHENTICATION when @key is no
 * recipient. @backup, which has a record, and @source outlive the check; one thread uses a source
 * and its checks. */
MUST_CHECK enum status recover_check_open(struct recover_source *source,
					  const struct recover_backup *backup,
					  const struct private_key *key, struct recover_check **out,
					  struct error *err);
/* NULL is legal. */
void recover_check_close(struct recover_check *check);
/* What was found so far; all of it fatal and about this backup. */
const struct recover_findings *recover_check_findings(const struct recover_check *check);
/* Whether its packs can be opened: there was a key, and the manifest can be read with it. */
bool recover_check_is_open(const struct recover_check *check);

/* A pack by the check of a backup that names it. */
struct recover_pack_choice {
	const struct recover_check *check;
	size_t pack; /* index in the record's packs */
};

/* What reading one pack from end to end showed. */
struct recover_pack_verdict {
	size_t choice;
	bool is_sound;
	bool is_opened;      /* every block was decrypted, every chunk id recomputed */
	const char *problem; /* of an unsound one; valid during the call */
};

/* Reads the packs, in that order, by the source's number of threads. @each is told of every one
 * (one call at a time, from any thread) as soon as it is read; when it does not return OK nothing
 * more is begun, and its status is the result. A damaged or missing pack is a verdict, a share that
 * fails an error. */
MUST_CHECK enum status
recover_check_packs(struct recover_source *source, const struct recover_pack_choice *choices,
		    size_t count,
		    enum status (*each)(const struct recover_pack_verdict *verdict, void *context,
					struct error *err),
		    void *context, struct error *err);

struct recover_files_check {
	bool read;           /* content is read and hashed; false: extents are only looked up */
	uint64_t files_done; /* so many files, in the manifest's order, were checked before */
	/* Extents in other packs are taken for good, and no hash is compared: to find out whom
	 * damaged packs harm. NULL: every pack. */
	bool (*is_suspect)(const unsigned char sha256[SHA256_SIZE], void *context);
	/* After every file and within long ones: how many files are done, how many bytes were read.
	 * Not OK stops. */
	enum status (*progress)(uint64_t files, uint64_t bytes, void *context, struct error *err);
	/* Every place where a file is not as the manifest says; a file may come several times in a
	 * row. Not OK stops. */
	enum status (*broken)(const char *role, const char *path, const char *problem,
			      void *context, struct error *err);
	void *context;
};

/* Walks the manifest of a check that is open. The share's own faults are errors, except that a pack
 * which is not there makes its files broken. */
MUST_CHECK enum status recover_check_files(struct recover_check *check,
					   const struct recover_files_check *files,
					   struct error *err);

#endif
