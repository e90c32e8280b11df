/* SPDX-License-Identifier: Apache-2.0 */
/* Names on the share (api/FORMAT.md section 2) and the limits of the format (section 1). */
#ifndef INFRABACKUP_ARCHIVE_LAYOUT_H
#define INFRABACKUP_ARCHIVE_LAYOUT_H

#include "infrabackup/base.h"
#include "infrabackup/crypto.h"

#define ARCHIVE_FORMAT "infrabackup-1"
#define ARCHIVE_ROOT "MASBackup"
#define ARCHIVE_REPOSITORY_FILE ARCHIVE_ROOT "/repository.json"
#define ARCHIVE_REPOSITORY_COPY ARCHIVE_ROOT "/repository.json.copy"
#define ARCHIVE_CERTIFICATES ARCHIVE_ROOT "/certificates"
#define ARCHIVE_GENERATIONS ARCHIVE_ROOT "/generations"
#define ARCHIVE_BACKUPS ARCHIVE_ROOT "/backups"
#define ARCHIVE_TRASH ARCHIVE_ROOT "/trash"
#define ARCHIVE_DELETIONS ARCHIVE_ROOT "/deletions"
#define ARCHIVE_RESERVE_FILE ARCHIVE_ROOT "/reserve" /* keeps room, means nothing */

#define ARCHIVE_MANIFEST_FILE "manifest.bin"
#define ARCHIVE_RECORD_FILE "backup.json"
#define ARCHIVE_SIGNATURE_FILE "backup.sig"
#define ARCHIVE_COMMIT_FILE "COMMIT"

#define ARCHIVE_NAME_SIZE 256      /* room for every name below, relative to the share */
#define ARCHIVE_GENERATION_SIZE 32 /* "0001-5c1b0e0f" */
#define ARCHIVE_FOLDER_SIZE 80     /* "00000001-20261121T052636Z-<guid>" */
#define ARCHIVE_TRASHED_SIZE 100   /* "20261128T060000Z-" and the name of a backup folder */

#define ARCHIVE_RECORD_MAX (64u << 20)    /* bytes of a backup.json */
#define ARCHIVE_SMALL_FILE_MAX (1u << 20) /* bytes of any other small file */

/* "0001-5c1b0e0f" from the number and a certificate thumbprint. */
void archive_generation_name(unsigned number, const char *thumbprint,
			     char name[ARCHIVE_GENERATION_SIZE]);
/* True for a well-formed generation folder name; its number in *@number. */
bool archive_generation_parse(const char *name, unsigned *number);
void archive_backup_folder(uint64_t sequence, int64_t time, const char *backup_id,
			   char folder[ARCHIVE_FOLDER_SIZE]);
/* True for a well-formed backup folder name. */
bool archive_backup_folder_parse(const char *folder, uint64_t *sequence,
				 char backup_id[GUID_TEXT_SIZE]);

/* "20261128T060000Z-<folder>": what @folder is called in the trash, @time being when it was moved
 * there. */
void archive_trashed_folder(int64_t time, const char *folder, char name[ARCHIVE_TRASHED_SIZE]);
/* True for such a name; *@folder points into it. */
bool archive_trashed_folder_parse(const char *name, int64_t *time, const char **folder);
/* "00000001-<guid>.json" in deletions/; true for such a name. */
bool archive_deletion_parse_name(const char *name, uint64_t *sequence,
				 char backup_id[GUID_TEXT_SIZE]);

/* Paths relative to the share. */
void archive_certificate_name(const char *thumbprint, char name[ARCHIVE_NAME_SIZE]);
/* Of the private key that a pre-shared key opens. */
void archive_wrapped_key_name(const char *thumbprint, char name[ARCHIVE_NAME_SIZE]);
#define ARCHIVE_WRAPPED_KEY_SUFFIX ".p7m"
void archive_session_name(const char *generation, const char *session_id,
			  char name[ARCHIVE_NAME_SIZE]);
void archive_pack_folder(const char *generation, const unsigned char digest[SHA256_SIZE],
			 char name[ARCHIVE_NAME_SIZE]);
void archive_pack_name(const char *generation, const unsigned char digest[SHA256_SIZE],
		       char name[ARCHIVE_NAME_SIZE]);
/* The mark of a deleted backup, and its signature. */
void archive_deletion_name(uint64_t sequence, const char *backup_id, char name[ARCHIVE_NAME_SIZE]);
void archive_deletion_signature_name(uint64_t sequence, const char *backup_id,
				     char name[ARCHIVE_NAME_SIZE]);
/* @file: one of the four files of a backup. */
void archive_backup_file(const char *folder, const char *file, char name[ARCHIVE_NAME_SIZE]);

#endif
