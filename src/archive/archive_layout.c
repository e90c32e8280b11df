/* SPDX-License-Identifier: Apache-2.0 */
/* Names on the share. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/archive/layout.h"

#define THUMB_DIGITS 8
#define GENERATION_DIGITS_MIN 4
#define SEQUENCE_DIGITS_MIN 8
#define COMPACT_TIME_LENGTH 16 /* 20261121T052636Z */

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_lower_hex(char character)
{
	return is_digit(character) || (character >= 'a' && character <= 'f');
}

/* A number as "%0<digits_min>" writes it, from 1, followed by '-'. Returns what follows the '-', or
 * NULL. Only the one spelling of a number is accepted: two names never mean the same. */
static const char *parse_number(const char *text, size_t digits_min, uint64_t max, uint64_t *out)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; is_digit(text[digits]); digits++) {
		uint64_t digit = (uint64_t)(text[digits] - '0');

		if (number > (max - digit) / 10)
			return NULL;
		number = number * 10 + digit;
	}
	if (digits < digits_min || (digits > digits_min && text[0] == '0'))
		return NULL;
	if (number == 0 || text[digits] != '-')
		return NULL;
	*out = number;
	return text + digits + 1;
}

void archive_generation_name(unsigned number, const char *thumbprint,
			     char name[ARCHIVE_GENERATION_SIZE])
{
	char thumb[THUMB_DIGITS + 1];

	(void)snprintf(thumb, sizeof(thumb), "%s", thumbprint);
	for (char *at = thumb; *at != '\0'; at++) {
		if (*at >= 'A' && *at <= 'F')
			*at = (char)(*at - 'A' + 'a');
	}
	(void)snprintf(name, ARCHIVE_GENERATION_SIZE, "%04u-%s", number, thumb);
}

bool archive_generation_parse(const char *name, unsigned *number)
{
	uint64_t parsed = 0;
	const char *thumb = parse_number(name, GENERATION_DIGITS_MIN, UINT32_MAX, &parsed);

	if (thumb == NULL || strlen(thumb) != THUMB_DIGITS)
		return false;
	for (size_t i = 0; i < THUMB_DIGITS; i++) {
		if (!is_lower_hex(thumb[i]))
			return false;
	}
	*number = (unsigned)parsed;
	return true;
}

void archive_backup_folder(uint64_t sequence, int64_t time, const char *backup_id,
			   char folder[ARCHIVE_FOLDER_SIZE])
{
	char time_text[CLOCK_TEXT_SIZE];

	(void)snprintf(folder, ARCHIVE_FOLDER_SIZE, "%08" PRIu64 "-%s-%s", sequence,
		       clock_compact_text(time, time_text), backup_id);
}

static bool is_compact_time(const char *text)
{
	static const char pattern[COMPACT_TIME_LENGTH + 1] = "ddddddddTddddddZ";

	for (size_t i = 0; i < COMPACT_TIME_LENGTH; i++) {
		if (pattern[i] == 'd' ? !is_digit(text[i]) : text[i] != pattern[i])
			return false;
	}
	return true;
}

/* Lower-case text of a GUID and nothing else. */
static bool parse_guid(const char *text, char backup_id[GUID_TEXT_SIZE])
{
	unsigned char bytes[GUID_SIZE];
	char canonical[GUID_TEXT_SIZE];

	if (!guid_to_bytes(text, bytes))
		return false;
	guid_from_bytes(bytes, canonical);
	if (strcmp(text, canonical) != 0)
		return false;
	memcpy(backup_id, canonical, GUID_TEXT_SIZE);
	return true;
}

bool archive_backup_folder_parse(const char *folder, uint64_t *sequence,
				 char backup_id[GUID_TEXT_SIZE])
{
	uint64_t number = 0;
	const char *rest = parse_number(folder, SEQUENCE_DIGITS_MIN, UINT64_MAX, &number);

	if (rest == NULL || strlen(rest) != COMPACT_TIME_LENGTH + 1 + GUID_TEXT_SIZE - 1)
		return false;
	if (!is_compact_time(rest) || rest[COMPACT_TIME_LENGTH] != '-')
		return false;
	if (!parse_guid(rest + COMPACT_TIME_LENGTH + 1, backup_id))
		return false;
	*sequence = number;
	return true;
}

void archive_trashed_folder(int64_t time, const char *folder, char name[ARCHIVE_TRASHED_SIZE])
{
	char time_text[CLOCK_TEXT_SIZE];

	(void)snprintf(name, ARCHIVE_TRASHED_SIZE, "%.16s-%.80s",
		       clock_compact_text(time, time_text), folder);
}

bool archive_trashed_folder_parse(const char *name, int64_t *time, const char **folder)
{
	char text[CLOCK_TEXT_SIZE], backup_id[GUID_TEXT_SIZE];
	uint64_t sequence = 0;

	if (strlen(name) <= COMPACT_TIME_LENGTH || !is_compact_time(name) ||
	    name[COMPACT_TIME_LENGTH] != '-')
		return false;
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", name, name + 4,
		       name + 6, name + 9, name + 11, name + 13);
	if (clock_parse(text, time, NULL) != STATUS_OK)
		return false;
	*folder = name + COMPACT_TIME_LENGTH + 1;
	return strlen(*folder) < ARCHIVE_FOLDER_SIZE &&
	       archive_backup_folder_parse(*folder, &sequence, backup_id);
}

bool archive_deletion_parse_name(const char *name, uint64_t *sequence,
				 char backup_id[GUID_TEXT_SIZE])
{
	static const char suffix[] = ".json";
	char guid[GUID_TEXT_SIZE];
	uint64_t number = 0;
	const char *rest = parse_number(name, SEQUENCE_DIGITS_MIN, UINT64_MAX, &number);

	if (rest == NULL || strlen(rest) != GUID_TEXT_SIZE - 1 + strlen(suffix) ||
	    strcmp(rest + GUID_TEXT_SIZE - 1, suffix) != 0)
		return false;
	(void)snprintf(guid, sizeof(guid), "%.36s", rest);
	if (!parse_guid(guid, backup_id))
		return false;
	*sequence = number;
	return true;
}

void archive_certificate_name(const char *thumbprint, char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_CERTIFICATES "/%s.cer", thumbprint);
}

void archive_wrapped_key_name(const char *thumbprint, char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE,
		       ARCHIVE_CERTIFICATES "/%s" ARCHIVE_WRAPPED_KEY_SUFFIX, thumbprint);
}

void archive_session_name(const char *generation, const char *session_id,
			  char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_GENERATIONS "/%s/sessions/%s.p7m",
		       generation, session_id);
}

void archive_pack_folder(const char *generation, const unsigned char digest[SHA256_SIZE],
			 char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_GENERATIONS "/%s/packs/%02x", generation,
		       digest[0]);
}

void archive_pack_name(const char *generation, const unsigned char digest[SHA256_SIZE],
		       char name[ARCHIVE_NAME_SIZE])
{
	char text[2 * SHA256_SIZE + 1];

	hex_encode(digest, SHA256_SIZE, false, text);
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_GENERATIONS "/%s/packs/%02x/%s.pack",
		       generation, digest[0], text);
}

void archive_deletion_name(uint64_t sequence, const char *backup_id, char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_DELETIONS "/%08" PRIu64 "-%s.json",
		       sequence, backup_id);
}

void archive_deletion_signature_name(uint64_t sequence, const char *backup_id,
				     char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_DELETIONS "/%08" PRIu64 "-%s.sig", sequence,
		       backup_id);
}

void archive_backup_file(const char *folder, const char *file, char name[ARCHIVE_NAME_SIZE])
{
	(void)snprintf(name, ARCHIVE_NAME_SIZE, ARCHIVE_BACKUPS "/%s/%s", folder, file);
}
