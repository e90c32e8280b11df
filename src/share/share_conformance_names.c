/* SPDX-License-Identifier: Apache-2.0 */
/* Names: deep, long, of every form a repository has, and those that shares like to change. */
#include <stdio.h>
#include <string.h>

#include "share_conformance_private.h"

#define DEPTH 12
#define COMPONENT "/folder-of-a-deep-path"
#define LONG_NAME 200
#define SIZE ((size_t)300)

/* A file of that name is written, read by the other connection and listed byte for byte. */
static enum status use_name(const struct conformance *run, const char *folder, const char *name,
			    unsigned number, struct error *err)
{
	struct conformance_seen seen = { .name = name };
	char path[SHARE_NAME_SIZE];

	(void)snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
	enum status status = conformance_write(run, run->first, path, number, SIZE, err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, path, number, SIZE, err);
	if (status == STATUS_OK)
		status = conformance_look(run, run->second, folder, &seen, err);
	if (status == STATUS_OK && seen.count != 1)
		status = fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, name,
			      "the folder lists the file under another name");
	return status;
}

enum status conformance_deep(struct conformance *run, struct share_check *check, struct error *err)
{
	char folder[SHARE_NAME_SIZE] = "deep";
	char path[SHARE_NAME_SIZE];
	size_t length = strlen(folder);

	for (int i = 0; i < DEPTH; i++)
		length += (size_t)snprintf(folder + length, sizeof(folder) - length, COMPONENT);
	enum status status =
		share_make_directories(run->first, conformance_path(run, folder, path), err);
	if (status == STATUS_OK)
		status = use_name(run, folder, "file", 20, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "%d folders, %zu characters",
						      DEPTH + 2, strlen(path));
}

/* api/FORMAT.md section 2: one name of each form, the longest that there are. */
enum status conformance_repository_names(struct conformance *run, struct share_check *check,
					 struct error *err)
{
	static const char *const names[] = {
		"repository.json",
		"repository.json.copy",
		"COMMIT",
		"backup.json",
		"backup.sig",
		"manifest.bin",
		"0001-5c1b0e0f",
		"00000001-20261121T052636Z-5c1b0e0f-0b1c-4d2e-8f3a-123456789abc",
		"5C1B0E0F5C1B0E0F5C1B0E0F5C1B0E0F5C1B0E0F.cer",
		"5c1b0e0f5c1b0e0f5c1b0e0f5c1b0e0f5c1b0e0f5c1b0e0f5c1b0e0f5c1b0e0f.pack",
		SHARE_TEMPORARY_PREFIX "5c1b0e0f-0b1c-4d2e-8f3a-123456789abc",
	};
	char path[SHARE_NAME_SIZE];
	enum status status =
		share_make_directory(run->first, conformance_path(run, "names", path), err);

	for (size_t i = 0; i < ARRAY_LENGTH(names) && status == STATUS_OK; i++)
		status = use_name(run, "names", names[i], 21 + (unsigned)i, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "%zu names, kept as they are",
						      ARRAY_LENGTH(names));
}

enum status conformance_long_name(struct conformance *run, struct share_check *check,
				  struct error *err)
{
	char name[LONG_NAME + 1];

	memset(name, 'n', LONG_NAME);
	name[LONG_NAME] = '\0';
	enum status status = use_name(run, "", name, 40, err);
	return status != STATUS_OK ? status : conformance_pass(check, "%d characters", LONG_NAME);
}

enum status conformance_unicode(struct conformance *run, struct share_check *check,
				struct error *err)
{
	static const char *const names[] = {
		"pr\u00FCfung-\u00DF",            /* Latin, composed */
		"\u5B89\u5168",                   /* Chinese */
		"\u043A\u043E\u043F\u0438\u044F", /* Cyrillic */
		"\U0001F5C4",                     /* a surrogate pair in UTF-16 */
	};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LENGTH(names) && status == STATUS_OK; i++)
		status = use_name(run, "", names[i], 41 + (unsigned)i, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "%zu scripts, kept byte for byte",
						      ARRAY_LENGTH(names));
}

/* The same letter in two encodings that compare as equal: two names to us. */
enum status conformance_composed(struct conformance *run, struct share_check *check,
				 struct error *err)
{
	enum status status = use_name(run, "", "caf\u00E9", 50, err);

	if (status == STATUS_OK)
		status = use_name(run, "", "cafe\u0301", 51, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, "cafe\u0301",
			    "the share takes composed and decomposed letters for the same");
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "caf\u00E9", 50, SIZE, err);
	return status != STATUS_OK ? status
				   : conformance_pass(check, "two names, kept byte for byte");
}

/* Either is good: only to know it. What is there must not be lost. */
enum status conformance_case(struct conformance *run, struct share_check *check, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file = NULL;
	enum status status = conformance_write(run, run->first, "Case", 52, SIZE, err);

	if (status != STATUS_OK)
		return status;
	enum status created =
		share_create(run->first, conformance_path(run, "cASE", path), &file, err);
	if (created == STATUS_OK)
		status = share_close_file(file, err);
	else if (created != STATUS_EXISTS)
		return created;
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "Case", 52, SIZE, err);
	if (status != STATUS_OK)
		return status;
	return conformance_pass(check, "names that differ in case are %s",
				created == STATUS_OK ? "different files" : "the same file");
}
