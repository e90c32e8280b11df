/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a manifest: which record may follow which, and what may stand in it. The writer
 * refuses to write what the reader would refuse to read. */
#include <string.h>

#include "archive_manifest_record.h"
#include "archive_role.h"

#define ENTRY_FILE 1
#define ENTRY_SYMBOLIC_LINK 3
#define ENTRY_HARD_LINK 4
#define ENTRY_TYPE_MAX 8
#define PROBLEM_UNREADABLE 1
#define PROBLEM_MAX 3
#define MODE_MAX 07777

/* Where each record may stand. */
static const struct {
	enum manifest_place place;
	const char *fault;
} record_rules[] = {
	[ARCHIVE_RECORD_GENERATION] = { MANIFEST_START,
					"a generation that is not the first record" },
	[ARCHIVE_RECORD_ROLE] = { MANIFEST_BETWEEN_ROLES,
				  "a role inside a role or before the generation" },
	[ARCHIVE_RECORD_ENTRY] = { MANIFEST_IN_ROLE,
				   "an entry outside of a role or inside a file" },
	[ARCHIVE_RECORD_EXTENTS] = { MANIFEST_IN_FILE, "extents that belong to no file" },
	[ARCHIVE_RECORD_FILE_END] = { MANIFEST_IN_FILE, "an end of a file that has not begun" },
	[ARCHIVE_RECORD_ROLE_END] = { MANIFEST_IN_ROLE,
				      "an end of a role that has not begun, or inside a file" },
	[ARCHIVE_RECORD_END] = { MANIFEST_BETWEEN_ROLES,
				 "an end inside a role or before the generation" },
};

/* Restoring must never leave the role's folder, whoever wrote the manifest. */
static bool is_clean_path(const char *path)
{
	if (path[0] == '\0')
		return true;
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, "/");

		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += length;
		if (*part == '\0')
			return true;
	}
}

static const char *entry_fault(const struct archive_entry *entry)
{
	bool is_link = entry->type == ENTRY_SYMBOLIC_LINK || entry->type == ENTRY_HARD_LINK;

	if (entry->type < ENTRY_FILE || entry->type > ENTRY_TYPE_MAX)
		return "an entry of an unknown type";
	if (entry->problem > PROBLEM_MAX)
		return "an entry with an unknown problem";
	if (entry->mode > MODE_MAX)
		return "an entry whose mode is more than permission bits";
	if (!is_clean_path(entry->path))
		return "an entry whose path is absolute or has an empty, . or .. part";
	if (entry->link_target != NULL && !is_link)
		return "an entry that is no link, but has a target";
	if (entry->type == ENTRY_HARD_LINK &&
	    (entry->link_target == NULL || entry->link_target[0] == '\0' ||
	     !is_clean_path(entry->link_target)))
		return "a hard link whose target is no path in its role";
	return NULL;
}

static const char *extents_fault(uint64_t file_bytes, const struct archive_extent *extents,
				 size_t count)
{
	if (count > ARCHIVE_MANIFEST_CHUNKS_MAX)
		return "more extents than one record may have";
	for (size_t i = 0; i < count; i++) {
		const struct archive_extent *extent = &extents[i];
		bool is_hole = extent->pack == ARCHIVE_HOLE;
		uint64_t length = is_hole ? extent->hole_length : extent->length;

		if (length == 0)
			return "an extent without length";
		if (!is_hole && (length > ARCHIVE_BLOCK_MAX ||
				 extent->offset > ARCHIVE_BLOCK_MAX - extent->length))
			return "an extent that is not inside a block";
		if (length > INT64_MAX - file_bytes)
			return "a file larger than any file";
		file_bytes += length;
	}
	return NULL;
}

static const char *file_end_fault(uint64_t file_bytes, const struct archive_file_end *end)
{
	if (end->problem > PROBLEM_MAX)
		return "a file with an unknown problem";
	if (end->size > INT64_MAX)
		return "a file larger than any file";
	if (end->problem != PROBLEM_UNREADABLE && end->size != file_bytes)
		return "a file whose size is not that of its extents";
	return NULL;
}

const char *manifest_record_fault(const struct manifest_grammar *grammar,
				  const struct archive_manifest_record *record)
{
	if (record->type < ARCHIVE_RECORD_GENERATION || record->type > ARCHIVE_RECORD_END)
		return "a record of an unknown type";
	if (record_rules[record->type].place != grammar->place)
		return record_rules[record->type].fault;
	switch (record->type) {
	case ARCHIVE_RECORD_ROLE:
		return archive_role_name_is_valid(record->role.name)
			       ? NULL
			       : "a role whose name is empty, too long or no file name";
	case ARCHIVE_RECORD_ENTRY:
		return entry_fault(&record->entry);
	case ARCHIVE_RECORD_EXTENTS:
		return extents_fault(grammar->file_bytes, record->extents, record->extent_count);
	case ARCHIVE_RECORD_FILE_END:
		return file_end_fault(grammar->file_bytes, &record->file_end);
	default:
		return NULL;
	}
}

void manifest_grammar_advance(struct manifest_grammar *grammar,
			      const struct archive_manifest_record *record)
{
	switch (record->type) {
	case ARCHIVE_RECORD_GENERATION:
	case ARCHIVE_RECORD_ROLE_END:
		grammar->place = MANIFEST_BETWEEN_ROLES;
		break;
	case ARCHIVE_RECORD_ROLE:
	case ARCHIVE_RECORD_FILE_END:
		grammar->place = MANIFEST_IN_ROLE;
		break;
	case ARCHIVE_RECORD_ENTRY:
		grammar->file_bytes = 0;
		if (record->entry.type == ENTRY_FILE)
			grammar->place = MANIFEST_IN_FILE;
		break;
	case ARCHIVE_RECORD_EXTENTS:
		for (size_t i = 0; i < record->extent_count; i++)
			grammar->file_bytes += record->extents[i].pack == ARCHIVE_HOLE
						       ? record->extents[i].hole_length
						       : record->extents[i].length;
		break;
	case ARCHIVE_RECORD_END:
		grammar->place = MANIFEST_END;
		break;
	}
}
