/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: service providers. A provider yields named entries, consistent as of one moment, while
 * the service keeps running, and takes them back. Yielding and restoring share one entry type.
 *
 * Order: entries come in walk order: a folder before its content, siblings by the bytes of their
 * names; snapshot_path_compare() is that order. It lets two walks be merged in constant memory. */
#ifndef INFRABACKUP_SNAPSHOT_H
#define INFRABACKUP_SNAPSHOT_H

#include "infrabackup/base.h"

enum snapshot_entry_type {
	SNAPSHOT_FILE = 1,
	SNAPSHOT_DIRECTORY = 2,
	SNAPSHOT_SYMBOLIC_LINK = 3, /* target in link_target, any bytes */
	SNAPSHOT_HARD_LINK = 4, /* link_target = path of the first name of that file in this walk */
	SNAPSHOT_FIFO = 5,
	SNAPSHOT_SOCKET = 6, /* recorded, not restored */
	SNAPSHOT_CHARACTER_DEVICE = 7,
	SNAPSHOT_BLOCK_DEVICE = 8,
};

/* Why an entry's content or metadata is not complete; SNAPSHOT_PROBLEM_NONE otherwise. */
enum snapshot_problem {
	SNAPSHOT_PROBLEM_NONE = 0,
	SNAPSHOT_PROBLEM_UNREADABLE = 1, /* could not be opened or read (cause: errno) */
	SNAPSHOT_PROBLEM_VANISHED = 2,   /* was listed, then gone */
	SNAPSHOT_PROBLEM_CHANGED = 3,    /* changed on every try; what was read last is stored */
};

struct snapshot_xattr {
	const char *name;
	const unsigned char *value;
	size_t value_length;
};

/* One entry. Memory belongs to whoever made the entry; a provider's is valid until its next next().
 */
struct snapshot_entry {
	const char *path; /* relative to the source, '/'-separated, any bytes but NUL; "" = the
			   * source folder itself */
	enum snapshot_entry_type type;
	uint32_t mode; /* permission bits, 07777 */
	uint32_t user_id, group_id;
	uint64_t size;       /* files: as of the walk; final size comes from reading */
	int64_t modified_ns; /* since 1970 */
	int64_t changed_ns;  /* ctime; 0 when the provider has none */
	uint64_t inode;      /* 0 when the provider has none: never cached as unchanged */
	uint32_t device_major, device_minor; /* device files */
	const char *link_target;             /* NULL unless a link */
	const struct snapshot_xattr *xattrs; /* sorted by name; ACLs are among them */
	size_t xattr_count;
	enum snapshot_problem problem;
	int cause; /* errno of the problem */
};

/* The source order described above, '/' sorting before every other byte. */
int snapshot_path_compare(const char *left, const char *right);

/* What a provider needs to know; from config.json's services[]. Borrowed for the life of the
 * snapshot or restore. */
struct snapshot_settings {
	const char *role;
	const char *provider;       /* "directory", "sqlite", "command" */
	const char *path;           /* directory: the folder; sqlite: the database file */
	const char *const *exclude; /* directory: NULL-terminated fnmatch(3) patterns (FNM_PATHNAME)
				     * on entry paths; may be NULL */
	const char *const *command; /* command: NULL-terminated argv; its stdout is the snapshot */
	const char *const
		*restore_command; /* command: reads the snapshot on stdin; NULL: restore refused */
	const char *entry_name;   /* command: name of its one file; NULL: "output" */
	long timeout;             /* ms a program or database may take in all; > 0 */
	const char *temporary_directory; /* 0700 folder of ours for intermediate files */
};

struct snapshot;      /* a running snapshot */
struct snapshot_file; /* an open entry of it */
struct restore;       /* a running restore */

/* What a restore did so far, and what the system refused it. */
struct restore_report {
	uint64_t entries;          /* restored, of all types */
	uint64_t bytes;            /* of files, holes included */
	uint64_t metadata_refused; /* owners, modes, times, xattrs that could not be set */
	uint64_t devices_refused;  /* device files that could not be made */
	uint64_t sockets_skipped;
};

struct snapshot_driver {
	const char *name;

	/* Prepares the snapshot (the sqlite copy is made here, the command is started here).
	 * STATUS_NOT_FOUND when the source does not exist, STATUS_FAILED with the tail of stderr in
	 * the message, ... */
	enum status (*open)(const struct snapshot_settings *settings, const struct cancel *cancel,
			    struct snapshot **out, struct error *err);
	/* The next entry, or *@end = true. An entry that cannot be read is yielded with its
	 * problem, not an error; a file with a problem may still open: it may be only an xattr that
	 * is missing. One thread at a time. directory: goes into whatever is mounted below; opens
	 * folders only; what vanishes between listing and looking was never there; a folder that
	 * cannot be listed is an entry with a problem. */
	enum status (*next)(struct snapshot *snapshot, struct snapshot_entry *entry, bool *end,
			    struct error *err);
	/* Opens a SNAPSHOT_FILE entry for reading. Callable from other threads while next() runs;
	 * @entry is the caller's copy. STATUS_NOT_FOUND: vanished; STATUS_FAILED with cause:
	 * unreadable. Never blocks on a FIFO and never follows a link that took the file's place.
	 */
	enum status (*open_file)(struct snapshot *snapshot, const struct snapshot_entry *entry,
				 struct snapshot_file **out, struct error *err);
	/* The next piece of content: *@got bytes in @data (0 at the end), or a hole of *@hole zero
	 * bytes (then *@got is 0). A file that grows is read up to its size at open_file(). */
	enum status (*read)(struct snapshot_file *file, void *data, size_t length, size_t *got,
			    uint64_t *hole, struct error *err);
	/* True in *@changed when size, mtime or ctime of the opened file moved since open_file();
	 * how it differs from the entry before that is not looked at. Releases the file always. */
	void (*close_file)(struct snapshot_file *file, bool *changed);
	/* Ends the snapshot; a command's exit status is checked here (STATUS_FAILED with its code
	 * and the tail of its stderr). Releases everything in every case. */
	enum status (*close)(struct snapshot *snapshot, struct error *err);

	/* Restore: into the service, in walk order. Nothing of the service changes before commit()
	 * for sqlite and command; directory writes as it goes, each file under a temporary name
	 * first. */
	enum status (*restore_open)(const struct snapshot_settings *settings,
				    const struct cancel *cancel, struct restore **out,
				    struct error *err);
	/* Begins an entry; for SNAPSHOT_FILE, write() and hole() calls follow, then end_entry().
	 * Other types are complete at end_entry(). @entry is copied. An entry begun before and not
	 * ended is dropped. Paths with "..", an absolute path or passing through a symbolic link
	 * are STATUS_INTEGRITY. directory: whatever has the entry's name is replaced, except that a
	 * folder is kept and only a folder without content gives way to something else
	 * (STATUS_EXISTS); missing folders above are made; what is not in the backup stays. A hard
	 * link whose first name was not restored is STATUS_NOT_FOUND. */
	enum status (*begin_entry)(struct restore *restore, const struct snapshot_entry *entry,
				   struct error *err);
	enum status (*write)(struct restore *restore, const void *data, size_t length,
			     struct error *err);
	enum status (*hole)(struct restore *restore, uint64_t length, struct error *err);
	/* Applies owner, mode, xattrs, times (folders: once the walk order has left them, the rest
	 * at commit, deepest first). What the system refuses (chown as non-root, an unsupported
	 * xattr) is counted in the report, not an error. */
	enum status (*end_entry)(struct restore *restore, struct error *err);
	enum status (*commit)(struct restore *restore, struct error *err);
	/* Any time before restore_close(). */
	void (*restore_report)(const struct restore *restore, struct restore_report *out);
	/* After commit() or instead of it; NULL is legal. Without commit(), what directory has
	 * restored so far stays, the unfinished entry does not. */
	void (*restore_close)(struct restore *restore);
};

extern const struct snapshot_driver snapshot_directory_driver;
extern const struct snapshot_driver snapshot_sqlite_driver;
extern const struct snapshot_driver snapshot_command_driver;

/* The driver called @name, or NULL. */
const struct snapshot_driver *snapshot_driver_find(const char *name);
/* "directory, sqlite, command", for messages. */
const char *snapshot_driver_names(void);

/* Deep copy for another thread, or for longer; and its release (NULL is legal). */
MUST_CHECK enum status snapshot_entry_copy(const struct snapshot_entry *entry,
					   struct snapshot_entry **out, struct error *err);
void snapshot_entry_free(struct snapshot_entry *entry);

#endif
