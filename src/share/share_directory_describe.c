/* SPDX-License-Identifier: Apache-2.0 */
/* What a folder's file system is called, and whether it outlives the machine's memory. */
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "share_directory_private.h"

/* Not in every version of linux/magic.h. */
#define MAGIC_CIFS 0xFF534D42u
#define MAGIC_SMB2 0xFE534D42u
#define MAGIC_ZFS 0x2FC12FC1u
#define MAGIC_NTFS3 0x7366746Eu
#define MAGIC_EXFAT 0x2011BAB0u

static const struct {
	uint32_t magic;
	const char *name;
	enum share_storage storage;
} kinds[] = {
	{ EXT4_SUPER_MAGIC, "ext4", SHARE_STORAGE_LOCAL },
	{ XFS_SUPER_MAGIC, "XFS", SHARE_STORAGE_LOCAL },
	{ BTRFS_SUPER_MAGIC, "Btrfs", SHARE_STORAGE_LOCAL },
	{ MAGIC_ZFS, "ZFS", SHARE_STORAGE_LOCAL },
	{ F2FS_SUPER_MAGIC, "F2FS", SHARE_STORAGE_LOCAL },
	{ OVERLAYFS_SUPER_MAGIC, "overlay", SHARE_STORAGE_LOCAL },
	{ MSDOS_SUPER_MAGIC, "FAT", SHARE_STORAGE_LOCAL },
	{ MAGIC_EXFAT, "exFAT", SHARE_STORAGE_LOCAL },
	{ MAGIC_NTFS3, "NTFS", SHARE_STORAGE_LOCAL },
	{ NFS_SUPER_MAGIC, "NFS", SHARE_STORAGE_MOUNT },
	{ MAGIC_CIFS, "CIFS", SHARE_STORAGE_MOUNT },
	{ MAGIC_SMB2, "CIFS", SHARE_STORAGE_MOUNT },
	{ CEPH_SUPER_MAGIC, "Ceph", SHARE_STORAGE_MOUNT },
	{ V9FS_MAGIC, "9P", SHARE_STORAGE_MOUNT },
	{ FUSE_SUPER_MAGIC, "FUSE", SHARE_STORAGE_MOUNT },
	{ TMPFS_MAGIC, "tmpfs", SHARE_STORAGE_MEMORY },
	{ RAMFS_MAGIC, "ramfs", SHARE_STORAGE_MEMORY },
};

enum status directory_describe(void *share, struct share_transport *out, struct error *err)
{
	const struct directory *directory = share;
	struct statfs facts;

	if (RETRY(fstatfs(directory->root, &facts)) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "describe share", NULL);
	out->storage = SHARE_STORAGE_LOCAL;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		if (kinds[i].magic != (uint32_t)facts.f_type)
			continue;
		(void)snprintf(out->protocol, sizeof(out->protocol), "%s", kinds[i].name);
		out->storage = kinds[i].storage;
		return STATUS_OK;
	}
	(void)snprintf(out->protocol, sizeof(out->protocol), "type 0x%08X",
		       (unsigned)(uint32_t)facts.f_type);
	return STATUS_OK;
}
