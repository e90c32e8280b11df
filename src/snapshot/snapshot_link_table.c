/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of (device, inode) to first path; see the header. */
#include <string.h>

#include "snapshot_link_table.h"

#define FIRST_BUCKET_COUNT 256

struct link_node {
	struct link_node *next;
	dev_t device;
	ino_t inode;
	nlink_t missing; /* names not met yet */
	char path[];
};

struct snapshot_link_table {
	struct link_node **buckets;
	size_t bucket_count; /* a power of two */
	size_t node_count;
	struct link_node *forgotten; /* holds the path handed out last */
};

struct snapshot_link_table *snapshot_link_table_new(void)
{
	AUTO_FREE struct snapshot_link_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->buckets = calloc(FIRST_BUCKET_COUNT, sizeof(struct link_node *));
	if (table->buckets == NULL)
		return NULL;
	table->bucket_count = FIRST_BUCKET_COUNT;
	return TAKE(table);
}

void snapshot_link_table_free(struct snapshot_link_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i] != NULL) {
			struct link_node *node = table->buckets[i];

			table->buckets[i] = node->next;
			free(node);
		}
	}
	free(table->forgotten);
	free(table->buckets);
	free(table);
}

static size_t bucket_index(dev_t device, ino_t inode, size_t bucket_count)
{
	uint64_t mixed = ((uint64_t)inode ^ ((uint64_t)device << 32)) * 0x9E3779B97F4A7C15U;

	return (size_t)(mixed >> 32) & (bucket_count - 1);
}

/* Fails silently: a full table is only slower. */
static void table_grow(struct snapshot_link_table *table)
{
	size_t bucket_count = table->bucket_count * 2;
	struct link_node **buckets = calloc(bucket_count, sizeof(struct link_node *));

	if (buckets == NULL)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i] != NULL) {
			struct link_node *node = table->buckets[i];
			size_t index = bucket_index(node->device, node->inode, bucket_count);

			table->buckets[i] = node->next;
			node->next = buckets[index];
			buckets[index] = node;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = bucket_count;
}

static enum status table_add(struct snapshot_link_table *table, const struct stat *file,
			     const char *path, struct error *err)
{
	size_t path_size = strlen(path) + 1;
	struct link_node *node = malloc(sizeof(*node) + path_size);

	if (node == NULL)
		return fail_memory(err, "remember hard link");
	if (table->node_count >= table->bucket_count)
		table_grow(table);

	struct link_node **bucket =
		&table->buckets[bucket_index(file->st_dev, file->st_ino, table->bucket_count)];

	node->device = file->st_dev;
	node->inode = file->st_ino;
	node->missing = file->st_nlink - 1;
	memcpy(node->path, path, path_size);
	node->next = *bucket;
	*bucket = node;
	table->node_count++;
	return STATUS_OK;
}

enum status snapshot_link_table_visit(struct snapshot_link_table *table, const struct stat *file,
				      const char *path, const char **first, struct error *err)
{
	struct link_node **at =
		&table->buckets[bucket_index(file->st_dev, file->st_ino, table->bucket_count)];

	while (*at != NULL && ((*at)->inode != file->st_ino || (*at)->device != file->st_dev))
		at = &(*at)->next;

	struct link_node *node = *at;

	if (node == NULL) {
		*first = NULL;
		return table_add(table, file, path, err);
	}
	*first = node->path;
	node->missing--;
	if (node->missing == 0) {
		*at = node->next;
		table->node_count--;
		free(table->forgotten);
		table->forgotten = node;
	}
	return STATUS_OK;
}
