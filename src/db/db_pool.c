/* SPDX-License-Identifier: Apache-2.0 */
/* Connections shared by threads, one thread at a time each. */
#include <pthread.h>
#include <string.h>

#include "db_connection.h"

struct db_pool {
	char *path;
	enum db_kind kind;
	pthread_mutex_t mutex; /* guards everything below */
	pthread_cond_t given;
	size_t max, opened, idle_count;
	struct db **idle;
};

enum status db_pool_new(const char *path, enum db_kind kind, size_t max, struct db_pool **out,
			struct error *err)
{
	struct db_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return fail_memory(err, "open database");
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->given, NULL);
	pool->kind = kind;
	pool->max = max == 0 ? 1 : max;
	pool->path = strdup(path);
	pool->idle = calloc(pool->max, sizeof *pool->idle);
	if (pool->path == NULL || pool->idle == NULL) {
		db_pool_free(pool);
		return fail_memory(err, "open database");
	}
	*out = pool;
	return STATUS_OK;
}

void db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->idle_count; i++)
		db_close(pool->idle[i]);
	free(pool->idle);
	free(pool->path);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}

/* With the mutex held, on purpose: the first one migrates, and the others find it done. */
static enum status take_locked(struct db_pool *pool, struct db **out, struct error *err)
{
	while (pool->idle_count == 0 && pool->opened == pool->max)
		pthread_cond_wait(&pool->given, &pool->mutex);
	if (pool->idle_count > 0) {
		*out = pool->idle[--pool->idle_count];
		return STATUS_OK;
	}
	enum status status = db_open(pool->path, pool->kind, out, err);
	if (status == STATUS_OK)
		pool->opened++;
	else
		pthread_cond_signal(&pool->given);
	return status;
}

enum status db_pool_take(struct db_pool *pool, struct db **out, struct error *err)
{
	pthread_mutex_lock(&pool->mutex);
	enum status status = take_locked(pool, out, err);
	pthread_mutex_unlock(&pool->mutex);
	return status;
}

void db_pool_give(struct db_pool *pool, struct db *db)
{
	if (db == NULL)
		return;
	/* Whoever left a transaction open did not commit it. */
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_lock(&pool->mutex);
	pool->idle[pool->idle_count++] = db;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->mutex);
}
