/* SPDX-License-Identifier: Apache-2.0 */
/* Names that change and go: what makes a backup appear all at once, and what must be refused. */
#include "share_conformance_private.h"

#define SMALL ((size_t)2000)

static enum status rename_to(const struct conformance *run, const char *from, const char *to,
			     struct error *err)
{
	char old_path[SHARE_NAME_SIZE], new_path[SHARE_NAME_SIZE];

	return share_rename_new(run->first, conformance_path(run, from, old_path),
				conformance_path(run, to, new_path), err);
}

static enum status make_folder(const struct conformance *run, const char *name, struct error *err)
{
	char path[SHARE_NAME_SIZE];

	return share_make_directory(run->first, conformance_path(run, name, path), err);
}

static enum status remove_one(const struct conformance *run, const char *name, struct error *err)
{
	char path[SHARE_NAME_SIZE];

	return share_remove(run->first, conformance_path(run, name, path), err);
}

enum status conformance_rename(struct conformance *run, struct share_check *check,
			       struct error *err)
{
	enum status status = conformance_write(run, run->first, "old-name", 10, SMALL, err);

	if (status == STATUS_OK)
		status = rename_to(run, "old-name", "new-name", err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "new-name", 10, SMALL, err);
	if (status == STATUS_OK)
		status = conformance_missing(run, run->second, "old-name", err);
	return status != STATUS_OK ? status : conformance_pass(check, "renamed, content unchanged");
}

enum status conformance_rename_existing(struct conformance *run, struct share_check *check,
					struct error *err)
{
	enum status status = conformance_write(run, run->first, "mover", 11, SMALL, err);

	if (status == STATUS_OK)
		status = conformance_write(run, run->first, "taken", 12, SMALL, err);
	if (status != STATUS_OK)
		return status;
	status = conformance_refused(rename_to(run, "mover", "taken", err), STATUS_EXISTS, "taken",
				     "the share renames onto a file that is there already", err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "taken", 12, SMALL, err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "mover", 11, SMALL, err);
	return status != STATUS_OK ? status : conformance_pass(check, "refused, nothing changed");
}

enum status conformance_rename_folder(struct conformance *run, struct share_check *check,
				      struct error *err)
{
	enum status status = make_folder(run, "old-folder", err);

	if (status == STATUS_OK)
		status = conformance_write(run, run->first, "old-folder/inside", 13, SMALL, err);
	if (status == STATUS_OK)
		status = rename_to(run, "old-folder", "new-folder", err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "new-folder/inside", 13, SMALL, err);
	if (status == STATUS_OK)
		status = conformance_missing(run, run->second, "old-folder/inside", err);
	return status != STATUS_OK ? status : conformance_pass(check, "renamed with what is in it");
}

/* POSIX' own rename() replaces an empty folder. */
enum status conformance_rename_onto_folder(struct conformance *run, struct share_check *check,
					   struct error *err)
{
	enum status status = make_folder(run, "moving-folder", err);

	if (status == STATUS_OK)
		status = make_folder(run, "taken-folder", err);
	if (status != STATUS_OK)
		return status;
	status = conformance_refused(rename_to(run, "moving-folder", "taken-folder", err),
				     STATUS_EXISTS, "taken-folder",
				     "the share renames onto a folder that is there already", err);
	return status != STATUS_OK ? status : conformance_pass(check, "refused");
}

/* How every file of a backup appears: written under a temporary name, renamed when complete. */
static enum status publish(struct conformance *run, struct share_file *file, const void *data,
			   struct error *err)
{
	enum status status = share_write(file, data, SMALL, err);

	if (status == STATUS_OK)
		status = share_flush(file, err);
	if (status == STATUS_OK)
		status = conformance_missing(run, run->second, "published", err);
	return status;
}

enum status conformance_publish(struct conformance *run, struct share_check *check,
				struct error *err)
{
	static const char temporary[] = SHARE_TEMPORARY_PREFIX "published";
	char path[SHARE_NAME_SIZE];
	unsigned char data[SMALL];
	struct share_file *file;

	conformance_fill(run, 14, 0, data, SMALL);
	enum status status =
		share_create(run->first, conformance_path(run, temporary, path), &file, err);
	if (status != STATUS_OK)
		return status;
	status = publish(run, file, data, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	if (status == STATUS_OK)
		status = closed;
	if (status == STATUS_OK)
		status = rename_to(run, temporary, "published", err);
	if (status == STATUS_OK)
		status = conformance_compare(run, run->second, "published", 14, SMALL, err);
	if (status == STATUS_OK)
		status = conformance_missing(run, run->second, temporary, err);
	return status != STATUS_OK
		       ? status
		       : conformance_pass(check, "not there before the rename, whole after it");
}

/* --- delete --- */

enum status conformance_delete_file(struct conformance *run, struct share_check *check,
				    struct error *err)
{
	struct conformance_seen seen = { .name = "deleted" };
	enum status status = conformance_write(run, run->first, "deleted", 15, SMALL, err);

	if (status == STATUS_OK)
		status = remove_one(run, "deleted", err);
	if (status == STATUS_OK)
		status = conformance_missing(run, run->second, "deleted", err);
	if (status == STATUS_OK)
		status = conformance_look(run, run->second, "", &seen, err);
	if (status == STATUS_OK && seen.count > 0)
		status = fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, "deleted",
			      "it was deleted and is still listed");
	return status != STATUS_OK ? status : conformance_pass(check, "gone");
}

enum status conformance_delete_folder(struct conformance *run, struct share_check *check,
				      struct error *err)
{
	struct conformance_seen seen = { .name = "" };
	enum status status = make_folder(run, "deleted-folder", err);

	if (status == STATUS_OK)
		status = remove_one(run, "deleted-folder", err);
	if (status == STATUS_OK)
		status = conformance_refused(
			conformance_look(run, run->second, "deleted-folder", &seen, err),
			STATUS_NOT_FOUND, "deleted-folder",
			"the folder was deleted and can still be listed", err);
	return status != STATUS_OK ? status : conformance_pass(check, "gone");
}

enum status conformance_delete_full_folder(struct conformance *run, struct share_check *check,
					   struct error *err)
{
	enum status status = make_folder(run, "full-folder", err);

	if (status == STATUS_OK)
		status = conformance_write(run, run->first, "full-folder/inside", 16, SMALL, err);
	if (status != STATUS_OK)
		return status;
	status = conformance_refused(remove_one(run, "full-folder", err), STATUS_CONFLICT,
				     "full-folder", "the share deletes a folder with files in it",
				     err);
	if (status == STATUS_OK)
		status =
			conformance_compare(run, run->second, "full-folder/inside", 16, SMALL, err);
	return status != STATUS_OK ? status : conformance_pass(check, "refused, nothing lost");
}
