/* SPDX-License-Identifier: Apache-2.0 */
/* A role's run: the walk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/restore.h"

#include "backup_progress.h"
#include "backup_role_private.h"

#define REPORT_INTERVAL_MS 1000
#define SELF_TIMEOUT_MS (10 * 60 * 1000)

/* A path as an fnmatch(3) pattern that matches only itself. In new memory, or NULL. */
static char *escape_pattern(const char *path)
{
	char *pattern = malloc(2 * strlen(path) + 1);
	size_t used = 0;
	if (pattern == NULL)
		return NULL;
	for (; *path != '\0'; path++) {
		if (strchr("*?[]\\", *path) != NULL)
			pattern[used++] = '\\';
		pattern[used++] = *path;
	}
	pattern[used] = '\0';
	return pattern;
}

static enum status init_self(struct backup_role *role, struct error *err)
{
	role->name = BACKUP_SERVICE_ROLE;
	role->provider = "service";
	role->essential = true;
	/* First of all: the service that recovers the others. */
	role->restore_priority = 0;
	role->driver = &snapshot_directory_driver;
	role->settings.timeout = SELF_TIMEOUT_MS;
	enum status status = backup_self_prepare(role->session, &role->self_folder, err);
	role->settings.path = role->self_folder;
	return status;
}

/* A folder that holds the state directory would hand out the state databases file by file, torn,
 * and closing them drops SQLite's locks on them (https://www.sqlite.org/howtocorrupt.html,
 * section 2.2). The role infrabackup has their consistent copy. */
static enum status exclude_state(struct backup_role *role, const char *state_directory,
				 struct error *err)
{
	const char *source = role->settings.path;
	size_t length = source != NULL ? strlen(source) : 0;
	while (length > 1 && source[length - 1] == '/')
		length--;
	if (strcmp(role->provider, "directory") != 0 ||
	    strncmp(state_directory, source, length) != 0 ||
	    (length > 1 && state_directory[length] != '/'))
		return STATUS_OK;
	const char *inside = state_directory + length + (length > 1 ? 1 : 0);
	size_t count = 0;
	while (role->settings.exclude != NULL && role->settings.exclude[count] != NULL)
		count++;
	role->exclude = calloc(count + 2, sizeof *role->exclude);
	role->exclude_state = escape_pattern(inside);
	if (role->exclude == NULL || role->exclude_state == NULL)
		return fail_memory(err, "begin role");
	for (size_t i = 0; i < count; i++)
		role->exclude[i] = role->settings.exclude[i];
	role->exclude[count] = role->exclude_state;
	role->settings.exclude = role->exclude;
	return STATUS_OK;
}

static void init_service(struct backup_role *role, const struct config_service *service)
{
	role->name = service->role;
	role->provider = service->provider;
	role->essential = service->essential;
	role->restore_priority = service->restore_priority;
	role->driver = snapshot_driver_find(service->provider);
	role->settings =
		backup_snapshot_settings(service, role->session->service->temporary_directory);
}

enum status backup_role_init(struct backup_role *role, struct backup_session *session,
			     const struct config_service *service, int position, struct error *err)
{
	memset(role, 0, sizeof *role);
	role->session = session;
	role->service = service;
	role->position = position;
	(void)pthread_mutex_init(&role->mutex, NULL);
	thread_condition_init(&role->moved);
	enum status status = STATUS_OK;
	if (service == NULL)
		status = init_self(role, err);
	else
		init_service(role, service);
	if (status == STATUS_OK && service != NULL)
		status = exclude_state(role, session->service->config->state_directory, err);
	role->settings.role = role->name;
	role->settings.provider = role->provider;
	role->settings.temporary_directory = session->service->temporary_directory;
	if (status == STATUS_OK && role->driver == NULL)
		status = fail(err, STATUS_UNSUPPORTED, "find provider", role->provider,
			      "there is no such provider; allowed are %s", snapshot_driver_names());
	(void)snprintf(role->result.job_id, sizeof role->result.job_id, "%s",
		       jobs_run_job(session->run)->id);
	role->result.position = position;
	role->result.started_time = clock_now(session->service->clock);
	return status;
}

void backup_role_done(struct backup_role *role)
{
	if (role->self_folder != NULL)
		status_ignore(file_remove_tree(role->self_folder, NULL));
	free(role->self_folder);
	free(role->exclude);
	free(role->exclude_state);
	if (role->spool_path != NULL)
		(void)unlink(role->spool_path);
	free(role->spool_path);
	backup_cache_discard(role->new_cache);
	secret_free(&role->spool_key);
	(void)pthread_cond_destroy(&role->moved);
	(void)pthread_mutex_destroy(&role->mutex);
}

enum job_state backup_role_state(const struct backup_role *role)
{
	if (role->status == STATUS_OK)
		return role->result.problems > 0 ? JOB_PARTIAL_SUCCEEDED : JOB_SUCCEEDED;
	return role->status == STATUS_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
}

/* The row's strings are borrowed for the call. */
enum status backup_role_report(struct backup_role *role, struct db *state, struct error *err)
{
	char message[1024];
	struct db_job_role row = role->result;
	AUTO_FREE char *name = strdup(role->name);
	AUTO_FREE char *provider = strdup(role->provider);
	AUTO_FREE char *state_name =
		strdup(job_state_name(row.ended_time == 0 ? JOB_RUNNING : backup_role_state(role)));
	AUTO_FREE char *error_status = strdup(status_name(role->status));
	if (name == NULL || provider == NULL || state_name == NULL || error_status == NULL)
		return fail_memory(err, "report role");
	row.role = name;
	row.provider = provider;
	row.state = state_name;
	if (role->status != STATUS_OK) {
		row.error_status = error_status;
		(void)error_text(&role->error, message, sizeof message);
		row.error_message = message;
	}
	return db_job_role_put(state, &row, err);
}

enum status backup_role_progress(struct backup_role_run *run, struct error *err)
{
	struct backup_session *session = run->role->session;
	backup_progress_show(session, "taking snapshots");
	int64_t now = clock_monotonic(session->service->clock);
	if (run->reported != 0 && now - run->reported < REPORT_INTERVAL_MS)
		return STATUS_OK;
	run->reported = now;
	return backup_role_report(run->role, run->state, err);
}

static void push(struct backup_role_run *run, struct backup_item *item)
{
	run->window[(run->first + run->count) % BACKUP_ROLE_WINDOW] = item;
	run->count++;
}

static enum status drain_window(struct backup_role_run *run, size_t down_to, struct error *err)
{
	enum status status = STATUS_OK;
	while (run->count > down_to && status == STATUS_OK)
		status = backup_role_emit(run, err);
	return status;
}

/* A file as it was last time: a small one takes its turn in the window, a large one is written out
 * at once. */
static enum status add_unchanged(struct backup_role_run *run, const struct snapshot_entry *entry,
				 struct error *err)
{
	struct backup_role *role = run->role;
	const struct archive_extent *extents;
	size_t count = 0;
	struct archive_file_end end;
	enum status status = backup_cache_extents(run->cache, &extents, &count, &end, err);
	if (status != STATUS_OK)
		return status;
	if (count == ARCHIVE_MANIFEST_CHUNKS_MAX) {
		status = drain_window(run, 0, err);
		return status != STATUS_OK
			       ? status
			       : backup_role_emit_unchanged(run, entry, extents, count, err);
	}
	struct backup_item *item = backup_item_new(role, entry);
	if (item == NULL)
		return fail_memory(err, "note entry");
	push(run, item);
	item->unchanged = true;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = backup_item_add(item, &extents[i], err);
	if (status == STATUS_OK)
		status = backup_role_reference(role, item->extents, item->extent_count, err);
	if (status == STATUS_OK && count > 0)
		status = backup_cache_extents(run->cache, &extents, &count, &end, err);
	item->end = end;
	atomic_fetch_add(&role->session->bytes_done, end.size);
	return status;
}

static enum status add_entry(struct backup_role_run *run, const struct snapshot_entry *entry,
			     struct error *err)
{
	struct backup_role *role = run->role;
	/* A file with a problem may still open: it may be only an attribute that could not be read.
	 */
	bool readable = entry->type == SNAPSHOT_FILE;
	if (readable && entry->problem == SNAPSHOT_PROBLEM_NONE &&
	    backup_cache_find(run->cache, entry))
		return add_unchanged(run, entry, err);
	struct backup_item *item = backup_item_new(role, entry);
	if (item == NULL)
		return fail_memory(err, "note entry");
	push(run, item);
	if (!readable)
		return STATUS_OK;
	item->state = BACKUP_ITEM_READING;
	/* The queue has room for the windows of all roles, so this never waits for a reader that
	 * waits for us. */
	if (queue_push(role->session->files, item))
		return STATUS_OK;
	item->state = BACKUP_ITEM_DONE;
	return fail(err, STATUS_CANCELLED, "read file", entry->path, "the run is being stopped");
}

/* A fault of the service itself: the role fails, the others go on. */
static void set_role_fault(struct backup_role *role, enum status status, const struct error *err)
{
	if (role->status != STATUS_OK)
		return;
	role->status = status;
	role->error = *err;
}

static enum status walk(struct backup_role_run *run, struct error *err)
{
	struct backup_role *role = run->role;
	for (;;) {
		struct snapshot_entry entry;
		bool end = false;
		struct error source_err;
		enum status status = backup_session_check(role->session, err);
		if (status == STATUS_OK)
			status = drain_window(run, BACKUP_ROLE_WINDOW - 1, err);
		if (status == STATUS_OK)
			status = backup_role_progress(run, err);
		if (status != STATUS_OK)
			return status;
		enum status fault = role->driver->next(role->snapshot, &entry, &end, &source_err);
		if (fault != STATUS_OK)
			set_role_fault(role, fault, &source_err);
		if (fault != STATUS_OK || end)
			return drain_window(run, 0, err);
		status = add_entry(run, &entry, err);
		if (status != STATUS_OK)
			return status;
	}
}

/* Readers may still hold items when the run has failed. */
static void abandon_window(struct backup_role_run *run)
{
	struct backup_role *role = run->role;
	while (run->count > 0) {
		struct backup_item *item = run->window[run->first];
		(void)pthread_mutex_lock(&role->mutex);
		while (item->state != BACKUP_ITEM_DONE)
			(void)thread_condition_wait(&role->moved, &role->mutex, 100);
		(void)pthread_mutex_unlock(&role->mutex);
		backup_item_free(item);
		run->first = (run->first + 1) % BACKUP_ROLE_WINDOW;
		run->count--;
	}
}

static enum status open_caches(struct backup_role_run *run, struct error *err)
{
	struct backup_role *role = run->role;
	AUTO_FREE char *source = NULL;
	/* Only a folder has entries worth remembering; the service's own copies are new every time.
	 */
	if (role->service == NULL || strcmp(role->provider, "directory") != 0)
		return STATUS_OK;
	if (asprintf(&source, "%s:%s", role->provider, role->settings.path) < 0) {
		source = NULL;
		return fail_memory(err, "open stat cache");
	}
	enum status status = backup_cache_open(role->session, role->name, source, &run->cache, err);
	if (status == STATUS_OK)
		status = backup_cache_create(role->session, role->name, source, &run->new_cache,
					     err);
	return status;
}

static enum status take_snapshot(struct backup_role_run *run, struct error *err)
{
	struct backup_role *role = run->role;
	struct error source_err;
	enum status fault = role->driver->open(&role->settings, role->session->cancel,
					       &role->snapshot, &source_err);
	if (fault != STATUS_OK) {
		set_role_fault(role, fault, &source_err);
		return STATUS_OK;
	}
	enum status status = walk(run, err);
	if (status != STATUS_OK)
		backup_fault_raise(&role->session->fault, err);
	abandon_window(run);
	fault = role->driver->close(TAKE(role->snapshot), &source_err);
	if (fault != STATUS_OK)
		set_role_fault(role, fault, &source_err);
	return status;
}

/* A cancelled run shows as a fault of the source that was being read; it is the run's. */
static enum status finish(struct backup_role_run *run, enum status status, struct error *err)
{
	struct backup_role *role = run->role;
	if (status == STATUS_OK)
		status = backup_session_check(role->session, err);
	if (status == STATUS_OK && role->status == STATUS_OK)
		status = backup_role_close_spool(run, err);
	if (status != STATUS_OK) {
		role->status = status;
		role->error = *err;
	}
	role->result.ended_time = clock_now(role->session->service->clock);
	backup_progress_role_ended(role);
	enum status reported =
		backup_role_report(role, run->state, status == STATUS_OK ? err : NULL);
	return status != STATUS_OK ? status : reported;
}

enum status backup_role_run(struct backup_role *role, struct error *err)
{
	struct backup_role_run run = { .role = role };
	struct db_pool *states = role->session->service->state;
	enum status status = db_pool_take(states, &run.state, err);
	if (status == STATUS_OK)
		status = backup_role_open_spool(&run, err);
	if (status == STATUS_OK)
		status = open_caches(&run, err);
	if (status == STATUS_OK)
		status = take_snapshot(&run, err);
	if (run.state != NULL)
		status = finish(&run, status, err);
	archive_manifest_writer_free(run.spool);
	if (run.spool_file != NULL)
		(void)fclose(run.spool_file);
	backup_cache_close(run.cache);
	if (status == STATUS_OK && role->status == STATUS_OK)
		role->new_cache = TAKE(run.new_cache);
	backup_cache_discard(run.new_cache);
	db_pool_give(states, run.state);
	return status;
}

/* Losing the cache costs time at the next run and nothing else. */
void backup_role_keep_cache(struct backup_role *role)
{
	struct error err;
	if (role->new_cache != NULL &&
	    backup_cache_commit(TAKE(role->new_cache), &err) != STATUS_OK)
		log_error("stat cache", &err);
}
