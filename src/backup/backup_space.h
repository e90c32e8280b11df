/* SPDX-License-Identifier: Apache-2.0 */
/* Room on the share, from the side of a run: asked for before it writes, given back when it ran
 * out. */
#ifndef BACKUP_SPACE_H
#define BACKUP_SPACE_H

#include "backup_session.h"

/* When the generation is chosen and before anything is written: notes what is free, and fails with
 * STATUS_SHARE_FULL and both figures when less than what the run is expected to store, and the
 * reserve, is. Then the reserve is made, where it is missing. A share that does not tell what is
 * free passes. */
MUST_CHECK enum status backup_space_begin(struct backup_session *session, struct db *state,
					  struct error *err);
/* Of a run that ended for want of room before COMMIT was tried, after its packer has stopped: the
 * packs it stored and its @folder below backups ("": none yet) go, so that the share has the room
 * of before. What cannot be removed is logged, and left for the next run to reuse. */
void backup_space_give_back(struct backup_session *session, struct db *state, const char *folder);
/* What is free, for whoever asks later; a share that does not tell leaves the last figures. */
void backup_space_note(struct backup_session *session, struct db *state);

#endif
