/* SPDX-License-Identifier: Apache-2.0 */
/* Partial uploads, found and removed. */
#include <stdio.h>
#include <string.h>

#include "backup_leftovers.h"
#include "infrabackup/archive.h"

#define NAMES_MAX (64u << 20)

void backup_leftovers_init(struct backup_leftovers *leftovers, struct share *share)
{
	memset(leftovers, 0, sizeof *leftovers);
	leftovers->share = share;
	buffer_init(&leftovers->names, NAMES_MAX);
}

void backup_leftovers_done(struct backup_leftovers *leftovers)
{
	buffer_done(&leftovers->names);
}

enum status backup_leftovers_note(struct backup_leftovers *leftovers, const char *folder,
				  const char *name, bool *is_one, struct error *err)
{
	*is_one = text_starts_with(name, SHARE_TEMPORARY_PREFIX);
	if (!*is_one)
		return STATUS_OK;
	enum status status = buffer_append(&leftovers->names, folder, strlen(folder), err);
	if (status == STATUS_OK)
		status = buffer_append(&leftovers->names, "/", 1, err);
	if (status == STATUS_OK)
		status = buffer_append(&leftovers->names, name, strlen(name) + 1, err);
	return status;
}

static enum status see_file(const struct share_entry *entry, void *context, struct error *err)
{
	struct backup_leftovers *leftovers = context;
	bool is_one = false;
	if (entry->is_directory)
		return STATUS_OK;
	return backup_leftovers_note(leftovers, leftovers->folder, entry->name, &is_one, err);
}

enum status backup_leftovers_find(struct backup_leftovers *leftovers, const char *folder,
				  struct error *err)
{
	(void)snprintf(leftovers->folder, sizeof leftovers->folder, "%s", folder);
	enum status status = share_list(leftovers->share, folder, see_file, leftovers, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- all of them --- */

/* The folders in a folder. The share delivers a listing after it is complete, so another one may
 * begin inside it. */
struct walk {
	struct backup_leftovers *leftovers;
	const char *parent;
	enum status (*each)(struct backup_leftovers *leftovers, const char *folder,
			    struct error *err);
};

static enum status see_folder(const struct share_entry *entry, void *context, struct error *err)
{
	const struct walk *walk = context;
	char folder[SHARE_NAME_SIZE];
	if (!entry->is_directory)
		return STATUS_OK;
	(void)snprintf(folder, sizeof folder, "%.500s/%.255s", walk->parent, entry->name);
	return walk->each(walk->leftovers, folder, err);
}

static enum status find_below(struct backup_leftovers *leftovers, const char *parent,
			      enum status (*each)(struct backup_leftovers *leftovers,
						  const char *folder, struct error *err),
			      struct error *err)
{
	struct walk walk = { leftovers, parent, each };
	enum status status = share_list(leftovers->share, parent, see_folder, &walk, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status find_in_generation(struct backup_leftovers *leftovers, const char *generation,
				      struct error *err)
{
	char folder[SHARE_NAME_SIZE];
	(void)snprintf(folder, sizeof folder, "%.700s/sessions", generation);
	enum status status = backup_leftovers_find(leftovers, folder, err);
	(void)snprintf(folder, sizeof folder, "%.700s/packs", generation);
	if (status == STATUS_OK)
		status = backup_leftovers_find(leftovers, folder, err);
	if (status == STATUS_OK)
		status = find_below(leftovers, folder, backup_leftovers_find, err);
	return status;
}

enum status backup_leftovers_find_all(struct backup_leftovers *leftovers, struct error *err)
{
	static const char *const folders[] = { ARCHIVE_ROOT, ARCHIVE_CERTIFICATES, ARCHIVE_SEQUENCE,
					       ARCHIVE_SERVICE, ARCHIVE_DELETIONS };
	enum status status = find_below(leftovers, ARCHIVE_GENERATIONS, find_in_generation, err);
	for (size_t i = 0; i < ARRAY_LENGTH(folders) && status == STATUS_OK; i++)
		status = backup_leftovers_find(leftovers, folders[i], err);
	return status;
}

enum status backup_leftovers_remove(struct backup_leftovers *leftovers, struct error *err)
{
	const struct buffer *names = &leftovers->names;
	for (size_t at = 0; at < names->length;) {
		const char *name = (const char *)names->data + at;
		enum status status = share_remove(leftovers->share, name, err);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND)
			return status;
		at += strlen(name) + 1;
	}
	return STATUS_OK;
}
