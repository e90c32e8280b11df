/* SPDX-License-Identifier: Apache-2.0 */
/* Which packs are needed. In doubt a pack stays. */
#include <string.h>

#include "infrabackup/retention.h"

struct digest {
	unsigned char bytes[RETENTION_DIGEST_SIZE];
};

struct digest_set {
	struct digest *items;
	size_t count, capacity;
	bool is_sorted; /* what is asked is asked after everything was added */
};

struct name_list {
	char **items;
	size_t count;
};

struct retention_usage {
	struct digest_set packs;      /* named by a backup.json */
	struct digest_set records;    /* backup.json files */
	struct name_list named;       /* generations of those */
	struct name_list untouchable; /* generations of backups whose packs are unknown */
	bool is_unknown;              /* there is one whose generation is unknown, too */
};

static enum status add_digest(struct digest_set *set, const unsigned char *bytes, struct error *err)
{
	if (set->count == set->capacity) {
		size_t capacity = set->capacity == 0 ? 256 : set->capacity * 2;
		struct digest *items = reallocarray(set->items, capacity, sizeof *items);
		if (items == NULL)
			return fail_memory(err, "list packs");
		set->items = items;
		set->capacity = capacity;
	}
	memcpy(set->items[set->count++].bytes, bytes, RETENTION_DIGEST_SIZE);
	set->is_sorted = false;
	return STATUS_OK;
}

static int compare(const void *left, const void *right)
{
	return memcmp(left, right, RETENTION_DIGEST_SIZE);
}

static bool has_digest(struct digest_set *set, const unsigned char *bytes)
{
	if (!set->is_sorted && set->count > 1)
		qsort(set->items, set->count, sizeof *set->items, compare);
	set->is_sorted = true;
	return set->count > 0 &&
	       bsearch(bytes, set->items, set->count, sizeof *set->items, compare) != NULL;
}

static bool has_name(const struct name_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

static enum status add_name(struct name_list *list, const char *name, struct error *err)
{
	if (has_name(list, name))
		return STATUS_OK;
	char **items = reallocarray(list->items, list->count + 1, sizeof *items);
	if (items != NULL)
		list->items = items;
	char *copy = items != NULL ? strdup(name) : NULL;
	if (copy == NULL)
		return fail_memory(err, "list generations");
	items[list->count++] = copy;
	return STATUS_OK;
}

static void name_list_done(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

enum status retention_usage_new(struct retention_usage **out, struct error *err)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? STATUS_OK : fail_memory(err, "list packs");
}

void retention_usage_free(struct retention_usage *usage)
{
	if (usage == NULL)
		return;
	free(usage->packs.items);
	free(usage->records.items);
	name_list_done(&usage->named);
	name_list_done(&usage->untouchable);
	free(usage);
}

enum status retention_usage_add(struct retention_usage *usage,
				const unsigned char record[RETENTION_DIGEST_SIZE],
				const char *generation, const struct retention_pack *packs,
				size_t count, struct error *err)
{
	enum status status = add_digest(&usage->records, record, err);
	if (status == STATUS_OK)
		status = add_name(&usage->named, generation, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = add_digest(&usage->packs, packs[i].sha256, err);
	return status;
}

enum status retention_usage_add_unknown(struct retention_usage *usage, const char *generation,
					struct error *err)
{
	if (generation != NULL)
		return add_name(&usage->untouchable, generation, err);
	usage->is_unknown = true;
	return STATUS_OK;
}

enum status retention_usage_expect(struct retention_usage *usage,
				   const unsigned char record[RETENTION_DIGEST_SIZE],
				   const char *generation, struct error *err)
{
	return has_digest(&usage->records, record) ? STATUS_OK
						   : add_name(&usage->untouchable, generation, err);
}

bool retention_usage_is_unknown(const struct retention_usage *usage)
{
	return usage->is_unknown;
}

enum retention_fate retention_usage_decide(struct retention_usage *usage, const char *generation,
					   const struct retention_pack *packs, size_t count,
					   bool *goes)
{
	bool is_named = has_name(&usage->named, generation);
	bool some_go = false;
	bool is_safe = !usage->is_unknown && !has_name(&usage->untouchable, generation);
	for (size_t i = 0; i < count; i++) {
		/* A backup names no pack of another generation, but if it did it would need it. */
		bool is_needed = has_digest(&usage->packs, packs[i].sha256);
		is_named = is_named || is_needed;
		goes[i] = is_safe && !is_needed;
		some_go = some_go || goes[i];
	}
	if (is_safe && !is_named)
		return RETENTION_GENERATION_GOES;
	return some_go ? RETENTION_GENERATION_SHRINKS : RETENTION_GENERATION_STAYS;
}
