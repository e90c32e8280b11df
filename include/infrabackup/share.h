/* SPDX-License-Identifier: Apache-2.0 */
/* share: where backups go. One driver interface, wrappers that callers use, a registry that is
 * passed in. A share is hostile when read and unreliable when written: what this module promises is
 * listed here and checked by one conformance suite (tests/unit/share/share_suite.h) that every
 * driver passes.
 *
 * Names are relative to the opened root, '/'-separated UTF-8 of less than SHARE_NAME_SIZE bytes,
 * without empty, "." and ".." components, control characters and any of \ : * ? " < > |, so that a
 * name that is good on one driver is good on all; anything else is refused (STATUS_INVALID). Every
 * call has a deadline and can be cancelled. Errors carry one of the STATUS_SHARE_ classes, or
 * STATUS_NOT_FOUND / STATUS_EXISTS where stated, or STATUS_CANCELLED, with step, path and cause
 * filled.
 *
 * A call that is overdue fails with STATUS_SHARE_CONNECTION and takes its handle with it: every
 * later call on that handle and its files fails at once in the same way; they still have to be
 * closed. Once cancel is requested, a waiting call returns STATUS_CANCELLED at once and new ones
 * are refused, except those that clean up (share_close_file, share_discard, share_close), which get
 * SHARE_CLEANUP_GRACE. */
#ifndef INFRABACKUP_SHARE_H
#define INFRABACKUP_SHARE_H

#include "infrabackup/base.h"

struct share;
struct share_file;

/* A parsed SHARE: `\\server\share\dir`, `smb://server[:port]/share/dir`, an absolute path, or
 * `file:///path`. */
struct share_address {
	char scheme[8];   /* "file" or "smb" */
	char server[256]; /* smb only; host name or address, IPv6 without brackets */
	unsigned port;    /* smb only; 0: 445 */
	char share[128];  /* smb only */
	char path[1024]; /* file: the absolute path; smb: folder in the share, '/'-separated, may be
			  * empty */
};

/* STATUS_INVALID with error.field = @field when @text is none of the four forms (empty, relative,
 * "..", control characters, no share name, a port outside 1-65535). */
MUST_CHECK enum status share_address_parse(const char *text, const char *field,
					   struct share_address *out, struct error *err);

struct share_entry {
	const char *name; /* last component; valid during the callback */
	bool is_directory;
	uint64_t size;    /* files only */
	int64_t modified; /* ms since 1970 UTC by the share's clock; 0: unknown */
};

struct share_space {
	uint64_t total; /* bytes */
	uint64_t free;  /* bytes that this user can still write */
};

enum share_feature {
	SHARE_FEATURE_FREE_SPACE = 1 << 0,   /* free_space() means something */
	SHARE_FEATURE_OWN_DEADLINE = 1 << 1, /* the driver enforces deadline and cancel by itself */
	SHARE_FEATURE_CASE_SENSITIVE = 1 << 2, /* names that differ in case are different files */
};

/* How far an opening got, in this order; a folder knows only the first and the last. */
enum share_stage {
	SHARE_STAGE_NONE,
	SHARE_STAGE_CONNECTED, /* the server's name has an address, and something listens there */
	SHARE_STAGE_DIALECT,   /* it speaks the protocol in a version that will do */
	SHARE_STAGE_PROTECTED, /* and encrypts, or need not */
	SHARE_STAGE_LOGGED_ON,
	SHARE_STAGE_OPEN,
};

/* What a share is made of. */
enum share_storage {
	SHARE_STORAGE_SERVER, /* the server's own affair */
	SHARE_STORAGE_LOCAL,
	SHARE_STORAGE_MOUNT, /* a server or program behind a folder of this machine */
	SHARE_STORAGE_MEMORY,
};

/* How a share is reached and what protects the way; texts are empty where there is nothing. */
struct share_transport {
	char protocol[32];       /* "SMB 3.1.1", "ext4" */
	char cipher[24];         /* "AES-256-GCM" */
	char signing[24];        /* "AES-128-GMAC" */
	char authentication[24]; /* "Kerberos", "NTLMv2" */
	bool is_encrypted;
	enum share_storage storage;
};

#define SHARE_NAME_SIZE 1024
/* ms that a clean-up call of a cancelled handle may take, if the deadline is longer. */
#define SHARE_CLEANUP_GRACE 1000

/* How to open a share. @cancel is borrowed for the life of the handle, the rest for share_open():
 * drivers get copies that live as long as their handle, abandoned or not. */
struct share_options {
	const struct share_address *address;
	const char *user_name;         /* "DOMAIN\user", UPN or bare; NULL or empty: none */
	const struct secret *password; /* NULL: none */
	const struct cancel *cancel;   /* NULL: cannot be cancelled */
	long deadline;                 /* ms that one call may take before it fails; > 0 */
	enum share_stage *reached;     /* set by share_open(), also when it fails; may be NULL */
};

/* The driver's side. Every function may block; the wrappers below bring deadline and cancel unless
 * SHARE_FEATURE_OWN_DEADLINE is set, by running the driver on a thread of its own: a call that is
 * overdue is abandoned with its handle, and buffers given to it are the wrapper's, so nothing of
 * the caller's is touched later. One handle is used by one thread at a time. */
struct share_driver {
	const char *scheme; /* which share_address.scheme it serves */
	unsigned features;  /* enum share_feature */

	/* The root must exist and be a directory; it is not created. @state is the driver's own
	 * context from the registry. */
	enum status (*open)(void *state, const struct share_options *options, void **out,
			    struct error *err);
	/* Creates a file that did not exist, for writing; STATUS_EXISTS if it did, STATUS_NOT_FOUND
	 * if its folder is missing. */
	enum status (*create)(void *share, const char *name, void **file, struct error *err);
	/* Appends all of @length bytes, or fails. */
	enum status (*write)(void *file, const void *data, size_t length, struct error *err);
	/* Makes everything written durable (fsync, SMB2 FLUSH). */
	enum status (*flush)(void *file, struct error *err);
	/* Opens an existing file for reading through a new handle; STATUS_NOT_FOUND. @size: its
	 * length. */
	enum status (*open_read)(void *share, const char *name, void **file, uint64_t *size,
				 struct error *err);
	/* Reads up to @length bytes at @offset; *@got < @length only at the end of the file. */
	enum status (*read)(void *file, uint64_t offset, void *data, size_t length, size_t *got,
			    struct error *err);
	/* Releases the handle in every case; a late write error is reported here. */
	enum status (*close_file)(void *file, struct error *err);
	/* Every entry of folder @name ("" = root) except "." and ".."; stops with the callback's
	 * status when it is not OK. STATUS_NOT_FOUND if there is no such folder. No order is
	 * guaranteed. */
	enum status (*list)(void *share, const char *name,
			    enum status (*each)(const struct share_entry *entry, void *context,
						struct error *err),
			    void *context, struct error *err);
	/* One folder, whose parent exists; STATUS_EXISTS if it is there. Durable when OK, as far as
	 * the share can: an unsupported directory flush is not an error. */
	enum status (*make_directory)(void *share, const char *name, struct error *err);
	/* To a name that does not exist (STATUS_EXISTS otherwise, and nothing changed). Files and
	 * folders. */
	enum status (*rename_new)(void *share, const char *from, const char *to, struct error *err);
	/* A file or an empty folder; STATUS_NOT_FOUND, STATUS_CONFLICT for a folder that is not
	 * empty. Durable as make_directory() is: what is removed later must not be gone while this
	 * is back. */
	enum status (*remove)(void *share, const char *name, struct error *err);
	/* Optional, see SHARE_FEATURE_FREE_SPACE. */
	enum status (*free_space)(void *share, struct share_space *out, struct error *err);
	/* Optional: how the share is reached at this moment. */
	enum status (*describe)(void *share, struct share_transport *out, struct error *err);
	void (*close)(void *share);
};

/* Which driver serves which scheme. Filled at start, then constant; passed to whoever opens. A
 * state outlives every handle and every call that was abandoned. */
struct share_registry {
	struct {
		const struct share_driver *driver;
		void *state;
	} entries[8];
	size_t count;
};

extern const struct share_driver share_directory_driver; /* scheme "file" */

/* How the "smb" driver proves who the user is. */
enum share_smb_authentication {
	SHARE_SMB_AUTOMATIC, /* Kerberos for name@realm where there is a KDC for it, else NTLMv2 */
	SHARE_SMB_KERBEROS,
	SHARE_SMB_NTLM,
};

/* The state of share_smb_driver in a registry; NULL is the same as all zero. */
struct share_smb_policy {
	/* Servers, as an address names them, with which signed but not encrypted is good enough
	 * when they offer no encryption; ends with NULL, may be NULL. Any other such server is
	 * refused before credentials or data are sent. Borrowed. */
	const char *const *unencrypted_servers;
	enum share_smb_authentication authentication;
};

/* Scheme "smb": SMB 3.1.1 to a server, encrypted. The calling process should have cleared its
 * environment by share_smb_clear_environment(). */
extern const struct share_driver share_smb_driver;

/* Removes the variables by which an environment could change how users are authenticated, and loads
 * what authentication needs. Once, before threads start. */
void share_smb_clear_environment(void);

void share_registry_init(struct share_registry *registry); /* with the built-in drivers */
/* Replaces the driver of the same scheme, or adds one. */
void share_registry_set(struct share_registry *registry, const struct share_driver *driver,
			void *state);

/* STATUS_UNSUPPORTED when no driver serves the scheme. Costs one thread a handle, unless the driver
 * has SHARE_FEATURE_OWN_DEADLINE, and a buffer as large as the largest write or read, up to 4 MiB.
 */
MUST_CHECK enum status share_open(const struct share_registry *registry,
				  const struct share_options *options, struct share **out,
				  struct error *err);
/* NULL is legal. Files are closed before. An abandoned call does not block it. */
void share_close(struct share *share);
unsigned share_features(const struct share *share);
/* The deadline of later calls, ms > 0. Drivers with SHARE_FEATURE_OWN_DEADLINE keep that of
 * share_open(). */
void share_set_deadline(struct share *share, long deadline);

/* The rest mirrors struct share_driver, with names checked, deadline and cancel. */
MUST_CHECK enum status share_create(struct share *share, const char *name, struct share_file **out,
				    struct error *err);
MUST_CHECK enum status share_write(struct share_file *file, const void *data, size_t length,
				   struct error *err);
MUST_CHECK enum status share_flush(struct share_file *file, struct error *err);
MUST_CHECK enum status share_open_read(struct share *share, const char *name,
				       struct share_file **out, uint64_t *size, struct error *err);
MUST_CHECK enum status share_read(struct share_file *file, uint64_t offset, void *data,
				  size_t length, size_t *got, struct error *err);
MUST_CHECK enum status share_close_file(struct share_file *file, struct error *err);
typedef enum status (*share_each)(const struct share_entry *entry, void *context,
				  struct error *err);
/* Entries are delivered on the caller's thread after all have been read, so that @each may use
 * @share. STATUS_TOO_LARGE when the names take more than 64 MiB. The deadline runs from entry to
 * entry. */
MUST_CHECK enum status share_list(struct share *share, const char *name, share_each each,
				  void *context, struct error *err);
MUST_CHECK enum status share_make_directory(struct share *share, const char *name,
					    struct error *err);
/* Every missing folder of @name; existing ones are fine. */
MUST_CHECK enum status share_make_directories(struct share *share, const char *name,
					      struct error *err);
MUST_CHECK enum status share_rename_new(struct share *share, const char *from, const char *to,
					struct error *err);
MUST_CHECK enum status share_remove(struct share *share, const char *name, struct error *err);
/* A folder with everything in it, or a file; a missing one is fine. The root ("") is refused. */
MUST_CHECK enum status share_remove_tree(struct share *share, const char *name, struct error *err);
/* Removes a file that was left half done, if it can; also after a cancel. */
void share_discard(struct share *share, const char *name);
MUST_CHECK enum status share_free_space(struct share *share, struct share_space *out,
					struct error *err);
/* STATUS_UNSUPPORTED when the driver does not tell. */
MUST_CHECK enum status share_describe(struct share *share, struct share_transport *out,
				      struct error *err);
/* Whole small files: create under a temporary name in the same folder, write, flush, close checked,
 * read back through a new handle and compared (STATUS_SHARE_UPLOAD if it differs), rename_new. On
 * failure the temporary file is removed. STATUS_EXISTS if @name is there. */
MUST_CHECK enum status share_put(struct share *share, const char *name, const void *data,
				 size_t length, struct error *err);
/* STATUS_TOO_LARGE over @max, STATUS_NOT_FOUND. @out is replaced and terminated. */
MUST_CHECK enum status share_get(struct share *share, const char *name, size_t max,
				 struct buffer *out, struct error *err);

/* Temporary files are called SHARE_TEMPORARY_PREFIX + GUID and stand beside their final name. */
#define SHARE_TEMPORARY_PREFIX ".temporary-"

/* The failure class of a status as the documents and alerts name it ("ShareOutOfCapacity",
 * "ShareConnection", "SharePathInvalid", "ShareAuthentication", "ShareNotAccessible",
 * "ShareReadWrite", "ShareUploadData", "General"): one table. Never NULL. */
const char *share_failure_class(enum status status);

#endif
