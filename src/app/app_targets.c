/* SPDX-License-Identifier: Apache-2.0 */
/* Where each role of a backup goes when it is recovered into the services. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "infrabackup/backup.h"
#include "infrabackup/backup/restore.h"

#include "app_private.h"

/* ms; a database or program that is given back its data may take as long as it needs. */
#define STATE_TIMEOUT 3600000L

static bool is_wanted(const struct app_list *roles, const char *role)
{
	for (size_t i = 0; i < roles->count; i++)
		if (text_equal_ignoring_case(roles->items[i], role))
			return true;
	return roles->count == 0;
}

/* A running service's keys would be replaced under it, and a fresh one's thrown away. */
static enum status refuse_initialized(const struct config *config, struct error *err)
{
	struct stat there;
	AUTO_FREE char *path = file_join(config->state_directory, "master.key");
	if (path == NULL)
		return fail_memory(err, "recover");
	if (lstat(path, &there) != 0)
		return STATUS_OK;
	return fail(err, STATUS_CONFLICT, "recover", config->state_directory,
		    "the state directory is initialised already, and recovering the "
		    "role " BACKUP_SERVICE_ROLE
		    " would overwrite its keys; move it away, or name the other "
		    "roles with --role");
}

static enum status make_temporary(struct app_targets *out, struct error *err)
{
	const char *base = getenv("TMPDIR");
	char *path = file_join(base != NULL && base[0] == '/' ? base : "/tmp",
			       "infrabackup-recover-XXXXXX");
	if (path == NULL)
		return fail_memory(err, "recover");
	if (mkdtemp(path) == NULL) {
		enum status status = fail_errno(err, STATUS_FAILED, "make folder", path);
		free(path);
		return status;
	}
	out->temporary_directory = path;
	return STATUS_OK;
}

static struct recover_target service_target(const struct config_service *service,
					    const char *temporary_directory)
{
	return (struct recover_target) {
		.role = service->role,
		.driver = snapshot_driver_find(service->provider),
		.settings = backup_snapshot_settings(service, temporary_directory),
	};
}

/* The role under which the service backs itself up holds its state directory's files. */
static struct recover_target state_target(const struct config *config,
					  const char *temporary_directory)
{
	return (struct recover_target) {
		.role = BACKUP_SERVICE_ROLE,
		.driver = &snapshot_directory_driver,
		.settings = { .role = BACKUP_SERVICE_ROLE,
			      .provider = "directory",
			      .path = config->state_directory,
			      .timeout = STATE_TIMEOUT,
			      .temporary_directory = temporary_directory },
	};
}

enum status app_targets_load(const struct config *config, const struct app_list *roles,
			     struct app_targets *out, struct error *err)
{
	struct app_targets targets = { 0 };
	enum status status = STATUS_OK;
	if (is_wanted(roles, BACKUP_SERVICE_ROLE))
		status = refuse_initialized(config, err);
	if (status == STATUS_OK)
		status = make_temporary(&targets, err);
	if (status == STATUS_OK) {
		targets.items = calloc(config->service_count + 1, sizeof *targets.items);
		if (targets.items == NULL)
			status = fail_memory(err, "recover");
	}
	if (status != STATUS_OK) {
		app_targets_done(&targets);
		return status;
	}
	for (size_t i = 0; i < config->service_count; i++)
		targets.items[targets.count++] =
			service_target(&config->services[i], targets.temporary_directory);
	targets.items[targets.count++] = state_target(config, targets.temporary_directory);
	*out = targets;
	return STATUS_OK;
}

void app_targets_done(struct app_targets *targets)
{
	if (targets->temporary_directory != NULL)
		status_ignore(file_remove_tree(targets->temporary_directory, NULL));
	free(targets->temporary_directory);
	free(targets->items);
	*targets = (struct app_targets) { 0 };
}
