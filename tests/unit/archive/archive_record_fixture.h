/* SPDX-License-Identifier: Apache-2.0 */
/* A backup.json with one of everything, as a structure and as text. */
#ifndef ARCHIVE_RECORD_FIXTURE_H
#define ARCHIVE_RECORD_FIXTURE_H

#include "archive_fixture.h"

extern const char record_fixture_text[];

/* To be freed with archive_record_free(). */
struct archive_record *record_fixture_new(void);

/* @text with the first @old in it replaced; malloc. @old must be there. */
char *record_fixture_replace(const char *text, const char *old, const char *replacement);

#endif
