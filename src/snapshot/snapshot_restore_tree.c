/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a restore into a folder: begin, content, end, and the folders' metadata at last. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "snapshot_path.h"
#include "snapshot_restore_metadata.h"
#include "snapshot_restore_tree_private.h"

/* Not the name of anything that exists, or that the backup holds. */
static enum status choose_temporary_name(struct restore *restore, struct error *err)
{
	unsigned char random[8];
	char text[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return fail_errno(err, STATUS_FAILED, "choose temporary name", NULL);
	hex_encode(random, sizeof(random), false, text);
	(void)snprintf(restore->temporary_name, sizeof(restore->temporary_name), ".restore-%s",
		       text);
	return STATUS_OK;
}

enum status snapshot_restore_tree_open(const struct snapshot_settings *settings,
				       const struct cancel *cancel, struct restore **out,
				       struct error *err)
{
	enum status status = file_make_directories(settings->path, 0700, err);

	if (status != STATUS_OK)
		return status;

	AUTO_CLOSE root = open(settings->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat found;

	if (root < 0 || fstat(root, &found) != 0)
		return fail_errno(err, STATUS_FAILED, "open target folder", settings->path);

	AUTO_FREE struct restore *restore = calloc(1, sizeof(*restore));

	if (restore == NULL)
		return fail_memory(err, "open target folder");
	status = choose_temporary_name(restore, err);
	if (status != STATUS_OK)
		return status;
	restore->root = TAKE_DESCRIPTOR(root);
	restore->root_device = found.st_dev;
	restore->cancel = cancel;
	restore->parent = -1;
	restore->sink.descriptor = -1;
	*out = TAKE(restore);
	return STATUS_OK;
}

/* Forgets the present entry; what is unfinished of it goes. */
static void drop_entry(struct restore *restore)
{
	if (restore->sink.descriptor >= 0)
		(void)close(restore->sink.descriptor);
	restore->sink.descriptor = -1;
	if (restore->temporary_exists)
		(void)unlinkat(restore->parent, restore->temporary_name, 0);
	restore->temporary_exists = false;
	snapshot_entry_free(restore->entry);
	restore->entry = NULL;
}

static bool is_inside(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	if (length == 0)
		return *path != '\0';
	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* Finishes the folders that @path is not in; NULL: all. The walk order does not come back to them.
 */
static void leave_folders(struct restore *restore, const char *path)
{
	while (restore->folders != NULL &&
	       (path == NULL || !is_inside(path, restore->folders->entry->path))) {
		struct restore_folder *folder = restore->folders;
		AUTO_CLOSE descriptor =
			snapshot_path_open(restore->root, folder->entry->path,
					   SNAPSHOT_RESTORE_METADATA_OPEN | O_DIRECTORY);

		if (descriptor < 0)
			restore->report.metadata_refused++;
		else
			snapshot_restore_metadata_apply(descriptor, folder->entry,
							&restore->report.metadata_refused);
		restore->folders = folder->above;
		snapshot_entry_free(folder->entry);
		free(folder);
	}
}

/* The entry as the share gave it: nothing in it is believed. */
static enum status check_entry(const struct snapshot_entry *entry, struct error *err)
{
	static const char step[] = "restore entry";
	bool is_link = entry->type == SNAPSHOT_SYMBOLIC_LINK || entry->type == SNAPSHOT_HARD_LINK;

	if (!snapshot_path_is_safe(entry->path))
		return fail(err, STATUS_INTEGRITY, step, entry->path,
			    "the path is absolute, or has an empty, \".\" or \"..\" component");
	if (*entry->path == '\0' && entry->type != SNAPSHOT_DIRECTORY)
		return fail(err, STATUS_INTEGRITY, step, entry->path,
			    "the entry without a path is not a folder");
	if (is_link && (entry->link_target == NULL || *entry->link_target == '\0'))
		return fail(err, STATUS_INTEGRITY, step, entry->path, "the link has no target");
	if (entry->type == SNAPSHOT_HARD_LINK && !snapshot_path_is_safe(entry->link_target))
		return fail(
			err, STATUS_INTEGRITY, step, entry->path,
			"the first name of the hard link is absolute, or has an empty, \".\" or "
			"\"..\" component");
	if (entry->type < SNAPSHOT_FILE || entry->type > SNAPSHOT_BLOCK_DEVICE)
		return fail(err, STATUS_INTEGRITY, step, entry->path,
			    "entry type %d is not one of 1 to 8", (int)entry->type);
	return STATUS_OK;
}

enum status snapshot_restore_tree_begin(struct restore *restore, const struct snapshot_entry *entry,
					struct error *err)
{
	size_t parent_length;
	enum status status = cancel_check(restore->cancel, "restore entry", err);

	drop_entry(restore);
	if (status == STATUS_OK)
		status = check_entry(entry, err);
	if (status == STATUS_OK)
		status = snapshot_entry_copy(entry, &restore->entry, err);
	if (status != STATUS_OK)
		return status;
	leave_folders(restore, entry->path);
	restore->name = snapshot_path_name(restore->entry->path, &parent_length);
	if (*restore->name != '\0')
		status = snapshot_restore_parent_open(restore, restore->entry->path, parent_length,
						      err);
	if (status == STATUS_OK && entry->type == SNAPSHOT_FILE)
		status = snapshot_restore_node_file(restore, err);
	if (status != STATUS_OK)
		drop_entry(restore);
	return status;
}

static enum status check_file_begun(const struct restore *restore, struct error *err)
{
	if (restore->sink.descriptor < 0)
		return fail(err, STATUS_CONFLICT, "restore file", NULL, "no file has been begun");
	return cancel_check(restore->cancel, "restore file", err);
}

enum status snapshot_restore_tree_write(struct restore *restore, const void *data, size_t length,
					struct error *err)
{
	enum status status = check_file_begun(restore, err);

	if (status != STATUS_OK)
		return status;
	return snapshot_sink_write(&restore->sink, restore->entry->path, data, length, err);
}

enum status snapshot_restore_tree_hole(struct restore *restore, uint64_t length, struct error *err)
{
	enum status status = check_file_begun(restore, err);

	if (status != STATUS_OK)
		return status;
	return snapshot_sink_hole(&restore->sink, restore->entry->path, length, err);
}

static enum status end_file(struct restore *restore, struct error *err)
{
	const struct snapshot_entry *entry = restore->entry;
	enum status status = snapshot_sink_finish(&restore->sink, entry->path, err);

	if (status != STATUS_OK)
		return status;
	snapshot_restore_metadata_apply(restore->sink.descriptor, entry,
					&restore->report.metadata_refused);
	/* The commit flushes the root's file system only. */
	if (restore->parent_is_foreign && fsync(restore->sink.descriptor) != 0)
		return fail_errno(err, STATUS_FAILED, "flush file", entry->path);

	int descriptor = TAKE_DESCRIPTOR(restore->sink.descriptor);

	if (close(descriptor) != 0)
		return fail_errno(err, STATUS_FAILED, "close file", entry->path);
	restore->report.bytes += restore->sink.position;
	return snapshot_restore_node_place(restore, err);
}

static enum status end_folder(struct restore *restore, struct error *err)
{
	enum status status = STATUS_OK;

	if (*restore->name != '\0')
		status = snapshot_restore_node_folder(restore, err);
	if (status != STATUS_OK)
		return status;

	struct restore_folder *folder = malloc(sizeof(*folder));

	if (folder == NULL)
		return fail_memory(err, "restore folder");
	folder->entry = TAKE(restore->entry);
	folder->above = restore->folders;
	restore->folders = folder;
	return STATUS_OK;
}

/* Symbolic links, FIFOs and devices: made, given their metadata, put in place. */
static enum status end_other(struct restore *restore, bool *made, struct error *err)
{
	enum status status = restore->entry->type == SNAPSHOT_SYMBOLIC_LINK
				     ? snapshot_restore_node_symbolic_link(restore, err)
				     : snapshot_restore_node_special(restore, made, err);

	if (status != STATUS_OK || !*made)
		return status;

	AUTO_CLOSE descriptor =
		openat(restore->parent, restore->temporary_name, SNAPSHOT_RESTORE_METADATA_OPEN);

	if (descriptor < 0)
		return fail_errno(err, STATUS_FAILED, "restore entry", restore->entry->path);
	snapshot_restore_metadata_apply(descriptor, restore->entry,
					&restore->report.metadata_refused);
	return snapshot_restore_node_place(restore, err);
}

enum status snapshot_restore_tree_end(struct restore *restore, struct error *err)
{
	bool made = true;
	enum status status = STATUS_OK;

	if (restore->entry == NULL)
		return fail(err, STATUS_CONFLICT, "restore entry", NULL, "no entry has been begun");
	switch (restore->entry->type) {
	case SNAPSHOT_FILE:
		status = end_file(restore, err);
		break;
	case SNAPSHOT_DIRECTORY:
		status = end_folder(restore, err);
		break;
	case SNAPSHOT_HARD_LINK:
		status = snapshot_restore_node_hard_link(restore, err);
		if (status == STATUS_OK)
			status = snapshot_restore_node_place(restore, err);
		break;
	case SNAPSHOT_SOCKET:
		restore->report.sockets_skipped++;
		made = false;
		break;
	default:
		status = end_other(restore, &made, err);
		break;
	}
	if (status == STATUS_OK && made)
		restore->report.entries++;
	drop_entry(restore);
	return status;
}

enum status snapshot_restore_tree_commit(struct restore *restore, struct error *err)
{
	drop_entry(restore);
	leave_folders(restore, NULL);
	if (syncfs(restore->root) != 0)
		return fail_errno(err, STATUS_FAILED, "flush file system", NULL);
	return STATUS_OK;
}

void snapshot_restore_tree_report(const struct restore *restore, struct restore_report *out)
{
	*out = restore->report;
}

void snapshot_restore_tree_close(struct restore *restore)
{
	if (restore == NULL)
		return;
	drop_entry(restore);
	while (restore->folders != NULL) {
		struct restore_folder *folder = restore->folders;

		restore->folders = folder->above;
		snapshot_entry_free(folder->entry);
		free(folder);
	}
	if (restore->parent >= 0)
		(void)close(restore->parent);
	free(restore->parent_path);
	(void)close(restore->root);
	free(restore);
}
