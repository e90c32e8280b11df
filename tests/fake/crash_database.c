/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's files on the machine that crashes: a VFS around the default one that remembers every
 * write until the file is synced. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/crash_machine_private.h"

struct crash_database_file {
	sqlite3_file base; /* first: SQLite knows nothing else */
	struct crash_machine *machine;
	char *path;         /* NULL: a temporary file, not watched */
	sqlite3_file *real; /* behind this one in the same memory */
};

static sqlite3_vfs *real_vfs(const struct crash_machine *machine)
{
	return machine->vfs.pAppData;
}

static struct crash_database_file *file_of(sqlite3_file *file)
{
	return (struct crash_database_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return file_of(file)->real;
}

/* What stands at @offset; shorter at the end of the file. */
static void remember(struct crash_database_file *file, struct crash_effect *effect,
		     sqlite3_int64 offset, size_t size)
{
	sqlite3_int64 length = 0;
	(void)file->real->pMethods->xFileSize(file->real, &length);
	effect->length = (uint64_t)length;
	effect->offset = (uint64_t)offset;
	if (offset >= length)
		return;
	effect->before_size = size;
	if ((sqlite3_int64)size > length - offset)
		effect->before_size = (size_t)(length - offset);
	effect->before = malloc(effect->before_size);
	assert(effect->before != NULL &&
	       file->real->pMethods->xRead(file->real, effect->before, (int)effect->before_size,
					   offset) == SQLITE_OK);
}

static int file_write_at(sqlite3_file *handle, const void *data, int size, sqlite3_int64 offset)
{
	struct crash_database_file *file = file_of(handle);
	crash_enter(file->machine);
	if (file->path != NULL) {
		struct crash_effect *effect =
			crash_effect_add(file->machine, CRASH_EFFECT_PAGE, file->path);
		remember(file, effect, offset, (size_t)size);
		effect->after = malloc((size_t)size);
		assert(effect->after != NULL);
		memcpy(effect->after, data, (size_t)size);
		effect->after_size = (size_t)size;
	}
	int code = file->real->pMethods->xWrite(file->real, data, size, offset);
	crash_leave(file->machine, CRASH_CALL_DATABASE);
	return code;
}

static int file_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
	struct crash_database_file *file = file_of(handle);
	sqlite3_int64 length = 0;
	crash_enter(file->machine);
	(void)file->real->pMethods->xFileSize(file->real, &length);
	if (file->path != NULL && size < length)
		remember(file, crash_effect_add(file->machine, CRASH_EFFECT_TRUNCATED, file->path),
			 size, (size_t)(length - size));
	int code = file->real->pMethods->xTruncate(file->real, size);
	crash_leave(file->machine, CRASH_CALL_DATABASE);
	return code;
}

/* The first one of a new file makes its name durable too, as in the real one. */
static int file_sync(sqlite3_file *handle, int flags)
{
	struct crash_database_file *file = file_of(handle);
	(void)flags;
	crash_enter(file->machine);
	if (file->path != NULL) {
		crash_effect_settle(file->machine, CRASH_EFFECT_PAGE, file->path);
		crash_effect_settle(file->machine, CRASH_EFFECT_TRUNCATED, file->path);
		crash_effect_settle(file->machine, CRASH_EFFECT_CREATED, file->path);
		crash_effect_settle(file->machine, CRASH_EFFECT_REMOVED, file->path);
	}
	crash_leave(file->machine, CRASH_CALL_DATABASE);
	return SQLITE_OK;
}

static int file_close(sqlite3_file *handle)
{
	struct crash_database_file *file = file_of(handle);
	int code = file->real->pMethods->xClose(file->real);
	free(file->path);
	return code;
}

/* Nobody reads a file while what was not durable is taken from it. */
static int file_read_at(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	struct crash_machine *machine = file_of(file)->machine;
	crash_enter(machine);
	int code = real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
	pthread_mutex_unlock(&machine->mutex);
	return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
	struct crash_machine *machine = file_of(file)->machine;
	crash_enter(machine);
	int code = real_of(file)->pMethods->xFileSize(real_of(file), out);
	pthread_mutex_unlock(&machine->mutex);
	return code;
}

/* --- passed on --- */

static int file_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_memory_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_memory_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_memory_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_memory_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read_at,
	.xWrite = file_write_at,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_memory_map,
	.xShmLock = file_memory_lock,
	.xShmBarrier = file_memory_barrier,
	.xShmUnmap = file_memory_unmap,
};

/* --- the VFS --- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *handle, int flags,
		    int *out_flags)
{
	struct crash_machine *machine =
		(struct crash_machine *)((char *)vfs - offsetof(struct crash_machine, vfs));
	struct crash_database_file *file = file_of(handle);
	memset(file, 0, sizeof *file);
	file->machine = machine;
	file->real = (sqlite3_file *)(file + 1);
	crash_enter(machine);
	bool is_new = name != NULL && access(name, F_OK) != 0;
	int code = real_vfs(machine)->xOpen(real_vfs(machine), name, file->real, flags, out_flags);
	if (code == SQLITE_OK) {
		file->base.pMethods = &file_methods;
		file->path = name != NULL ? strdup(name) : NULL;
	}
	if (code == SQLITE_OK && is_new)
		(void)crash_effect_add(machine, CRASH_EFFECT_CREATED, name);
	pthread_mutex_unlock(&machine->mutex);
	return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct crash_machine *machine =
		(struct crash_machine *)((char *)vfs - offsetof(struct crash_machine, vfs));
	crash_enter(machine);
	crash_effect_settle(machine, CRASH_EFFECT_PAGE, name);
	crash_effect_settle(machine, CRASH_EFFECT_TRUNCATED, name);
	if (!sync_folder && access(name, F_OK) == 0)
		crash_effect_bury(machine, name);
	int code = real_vfs(machine)->xDelete(real_vfs(machine), name, 0);
	if (sync_folder) {
		crash_effect_settle(machine, CRASH_EFFECT_CREATED, name);
		crash_effect_settle(machine, CRASH_EFFECT_REMOVED, name);
	}
	crash_leave(machine, CRASH_CALL_DATABASE);
	return code;
}

void crash_database_watch(struct crash_machine *machine)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	assert(real != NULL);
	machine->vfs = *real;
	machine->vfs.zName = "crash";
	machine->vfs.pNext = NULL;
	machine->vfs.pAppData = real;
	machine->vfs.szOsFile = (int)sizeof(struct crash_database_file) + real->szOsFile;
	machine->vfs.xOpen = vfs_open;
	machine->vfs.xDelete = vfs_delete;
	assert(sqlite3_vfs_register(&machine->vfs, 1) == SQLITE_OK);
}
