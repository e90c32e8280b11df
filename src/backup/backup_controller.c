/* SPDX-License-Identifier: Apache-2.0 */
/* Which controller this is: a state directory at its place, and one process of it. Not in the
 * database, which a recovery brings to another host. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_lease.h"

#define CONTROLLER_FILE "controller"
#define CONTROLLER_FILE_MAX 256

static enum status read_controller(const char *path, char id[GUID_TEXT_SIZE], struct error *err)
{
	struct buffer bytes;
	struct stat file;
	uint64_t place = 0;
	char found[GUID_TEXT_SIZE] = "";
	unsigned char guid[GUID_SIZE];
	buffer_init(&bytes, CONTROLLER_FILE_MAX + 1);
	enum status status = file_read(path, CONTROLLER_FILE_MAX, &bytes, err);
	if (status == STATUS_OK && stat(path, &file) != 0)
		status = fail_errno(err, STATUS_FAILED, "read controller's id", path);
	/* A copied directory has a file with another inode, and so is another controller. */
	if (status == STATUS_OK &&
	    sscanf((const char *)bytes.data, "%36s %" SCNu64, found, &place) == 2 &&
	    guid_to_bytes(found, guid) && place == (uint64_t)file.st_ino)
		memcpy(id, found, GUID_TEXT_SIZE);
	buffer_done(&bytes);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The inode is known when the file exists, so it is written where it stays. A torn one counts as
 * none: the next start is another controller then. */
static enum status make_controller(const char *path, char id[GUID_TEXT_SIZE], struct error *err)
{
	struct stat file;
	char text[CONTROLLER_FILE_MAX];
	AUTO_CLOSE descriptor =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0 || fstat(descriptor, &file) != 0)
		return fail_errno(err, STATUS_FAILED, "write controller's id", path);
	guid_generate(id);
	int length = snprintf(text, sizeof text, "%s %" PRIu64 "\n", id, (uint64_t)file.st_ino);
	enum status status = file_write_all(descriptor, path, text, (size_t)length, err);
	if (status == STATUS_OK && fsync(descriptor) != 0)
		status = fail_errno(err, STATUS_FAILED, "write controller's id", path);
	return status;
}

enum status backup_lease_init(struct backup_service *service, struct error *err)
{
	struct backup_lease *lease = &service->lease;
	AUTO_FREE char *path = file_join(service->config->state_directory, CONTROLLER_FILE);
	if (path == NULL)
		return fail_memory(err, "read controller's id");
	guid_generate(lease->instance_id);
	if (gethostname(lease->host, sizeof lease->host - 1) != 0 ||
	    !text_is_printable_utf8(lease->host) || lease->host[0] == '\0')
		(void)snprintf(lease->host, sizeof lease->host, "unknown");
	enum status status = read_controller(path, lease->controller_id, err);
	if (status == STATUS_OK && lease->controller_id[0] == '\0')
		status = make_controller(path, lease->controller_id, err);
	return status;
}
