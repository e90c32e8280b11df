/* SPDX-License-Identifier: Apache-2.0 */
/* The SMB 3.1.1 client: one connection, one session, one tree a share handle. Sections are those of
 * MS-SMB2 unless another document is named. Whatever comes from the server is checked before it is
 * used; what breaks a rule ends the connection. */
#ifndef SHARE_SMB_PRIVATE_H
#define SHARE_SMB_PRIVATE_H

#include "share_smb_frame.h"
#include "share_smb_security.h"
#include "share_smb_status.h"

#define SMB_PAYLOAD_MAX ((size_t)1 << 20) /* one WRITE or READ */
#define SMB_FRAME_MAX (SMB_TRANSFORM_SIZE + SMB_PAYLOAD_MAX + 64 * 1024)
#define SMB_LIST_MAX ((uint32_t)64 * 1024) /* one QUERY_DIRECTORY */
#define SMB_DEPTH 8                        /* writes or reads in flight */
#define SMB_SLOTS 32
#define SMB_CREDITS_KEPT 256

/* @name below the root as MS-FSCC wants it has at most that many bytes in UTF-16. */
#define SMB_PATH_MAX (2 * (SHARE_NAME_SIZE + 1024 + 2))
#define SMB_BODY_KEPT (64 + SMB_PATH_MAX)

/* A request that was sent and not answered. */
struct smb_slot {
	bool used;
	bool pending; /* STATUS_PENDING was seen; asynchronous is the AsyncId */
	uint16_t command;
	uint64_t message;
	uint64_t asynchronous;
	uint64_t offset; /* READ and WRITE */
	uint32_t length;
	struct smb_file *file; /* WRITE, READ ahead: who accounts for the reply */
};

struct smb_connection {
	const struct share_address *address;
	const char *user_name; /* NULL: none */
	const struct secret *password;
	const struct cancel *cancel;
	struct share_smb_policy policy;
	long deadline;
	enum share_stage *reached; /* only while the share is opened, else NULL */

	/* The operation under way. */
	enum smb_access access; /* what its failures are about */
	int64_t limit;          /* monotonic ms */
	bool cleanup;           /* cancel shortens, but does not end it */
	bool deaf;              /* cancel was seen during a clean-up */

	bool lost;           /* an operation was overdue: never used again */
	char lost_text[160]; /* which one */
	struct error denied; /* a logon was refused: not tried again */
	unsigned generation; /* counts connections: files of an earlier one are dead */

	int descriptor; /* -1: not connected */
	uint64_t next_message;
	uint32_t credits; /* granted and not spent */
	uint64_t session;
	bool kerberos;        /* how the user was logged on */
	unsigned ticket_life; /* seconds to ask for; 0: as long as it may. For tests */
	int64_t expires;      /* monotonic ms: the session's end; INT64_MAX: none */
	int64_t renew_at;     /* when to log on again, before that */
	uint32_t tree;
	struct smb_limits limits;
	unsigned char preauth[SMB_PREAUTH_SIZE];
	struct smb_security security;
	struct smb_slot slots[SMB_SLOTS];
	unsigned char *transmit;
	unsigned char *receive;
	unsigned char body[SMB_BODY_KEPT]; /* of the request under way, should it be repeated */
};

struct smb_request {
	enum smb_command command;
	size_t body; /* bytes that smb_body() made room for */
	const void *payload;
	size_t payload_length;
	size_t reply_length; /* payload expected from the server: counts for the charge */
	uint64_t offset;
	struct smb_file *file;
};

struct smb_reply {
	struct smb_message message;
	uint32_t status;
	struct smb_slot slot;
};

#define SMB_FILE_ID_SIZE 16
#define SMB_AHEAD_PARTS 4

/* What was asked for before it was wanted. */
struct smb_ahead_part {
	bool in_flight;
	uint64_t message;
	uint64_t offset;
	uint32_t length;
	uint32_t got;              /* less than length: it failed or came short */
	uint32_t taken;            /* given out */
	unsigned char *frame;      /* SMB_FRAME_MAX bytes, NULL at first */
	const unsigned char *data; /* in it */
};

struct smb_ahead {
	uint64_t next; /* where a reader that goes on reads */
	size_t first, count;
	struct smb_ahead_part parts[SMB_AHEAD_PARTS]; /* a ring: one after the other in the file */
};

struct smb_file {
	struct smb_connection *connection;
	unsigned generation;
	unsigned char id[SMB_FILE_ID_SIZE];
	uint64_t size;     /* when it was opened to be read */
	uint64_t position; /* of the next write */
	unsigned in_flight;
	struct smb_ahead ahead;
	uint32_t failure; /* first NTSTATUS of a write */
	bool short_write; /* the server took less than it was given */
	char name[SHARE_NAME_SIZE];
};

/* --- share_smb_transport.c: 2.1 --- */

/* Begins an operation: its deadline runs from here. After a cancel only clean-up is called, which
 * gets SHARE_CLEANUP_GRACE. */
void smb_begin(struct smb_connection *connection, bool cleanup);
/* Waits until @descriptor has one of @events, the deadline or cancel. */
MUST_CHECK enum status smb_wait(struct smb_connection *connection, int descriptor, short events,
				struct error *err);
/* The same, and OK without *@ready when @until (monotonic ms) comes before the deadline. */
MUST_CHECK enum status smb_wait_until(struct smb_connection *connection, int descriptor,
				      short events, int64_t until, bool *ready, struct error *err);
MUST_CHECK enum status smb_transport_open(struct smb_connection *connection, struct error *err);
/* Why getaddrinfo() gave no address, by its @result: the name is wrong, or nobody could be asked.
 */
enum status smb_lookup_fail(struct error *err, const char *host, int result);
MUST_CHECK enum status smb_transport_send(struct smb_connection *connection, const void *data,
					  size_t length, struct error *err);
/* One frame into connection->receive; @length: its bytes, within bounds. */
MUST_CHECK enum status smb_transport_receive(struct smb_connection *connection, size_t *length,
					     struct error *err);
/* Whether the server has hung up, or sent something unasked, while nothing was in flight. */
bool smb_transport_is_stale(const struct smb_connection *connection);

/* --- share_smb_aside.c --- */

/* Work that may block beyond any deadline, on a thread that can be left behind. */
struct smb_aside {
	void (*run)(void *context);
	/* On the caller's thread, while run() may be under way and before it is left behind: its
	 * last word to it. May be NULL. */
	void (*give_up)(void *context);
	void (*release)(void *context);
	void *context;
	int64_t until; /* monotonic ms; later than the connection's limit: that one counts */
};

/* OK with *@done: it has run and the context is the caller's again. Else it belongs to the thread,
 * or was released; OK without *@done when @work->until came. */
MUST_CHECK enum status smb_aside_run(struct smb_connection *connection,
				     const struct smb_aside *work, bool *done, struct error *err);

/* --- share_smb_exchange.c --- */

/* The zeroed body of the next request with its StructureSize set. */
unsigned char *smb_body(struct smb_connection *connection, size_t length, unsigned structure_size);
/* Credits a request with that much payload costs (3.2.4.1.5). */
unsigned smb_charge(size_t length);
/* A free slot and enough credits, receiving replies until there are. */
MUST_CHECK enum status smb_room(struct smb_connection *connection, unsigned charge,
				struct error *err);
MUST_CHECK enum status smb_send(struct smb_connection *connection,
				const struct smb_request *request, struct error *err);
/* The next reply, whosever it is; those of writes are accounted to their files. */
MUST_CHECK enum status smb_receive(struct smb_connection *connection, struct smb_reply *reply,
				   struct error *err);
bool smb_has_in_flight(const struct smb_connection *connection);
/* Sends and returns the reply to just that, which holds until the next call. When the server says
 * that the session has expired, it is renewed and the request sent once more (3.2.5.1.6). */
MUST_CHECK enum status smb_call(struct smb_connection *connection,
				const struct smb_request *request, struct smb_reply *reply,
				struct error *err);
/* The same, and any NTSTATUS but success is a failure. */
MUST_CHECK enum status smb_call_ok(struct smb_connection *connection,
				   const struct smb_request *request, struct smb_reply *reply,
				   struct error *err);
/* Closes the socket, forgets keys and what was in flight. */
void smb_drop(struct smb_connection *connection);

/* --- share_smb_receive.c --- */

/* Reads one frame, unseals or verifies it, matches it with a slot; *@found false for an interim
 * reply (3.2.5.1.5) or a break notification nobody asked for. */
MUST_CHECK enum status smb_receive_one(struct smb_connection *connection, struct smb_reply *reply,
				       bool *found, struct error *err);

/* --- share_smb_negotiate.c, share_smb_session.c, share_smb_tree.c --- */

/* Tells whoever opens the share how far that got. */
void smb_reached(const struct smb_connection *connection, enum share_stage stage);

MUST_CHECK enum status smb_negotiate(struct smb_connection *connection, struct error *err);
/* Logs on; @err is not NULL. */
MUST_CHECK enum status smb_session_setup(struct smb_connection *connection, struct error *err);
/* Before an operation: logs on again when the session's end is near. */
MUST_CHECK enum status smb_session_keep(struct smb_connection *connection, struct error *err);
/* When the server says that the session is over: logs on again, with nothing in flight. A failure
 * ends the connection; a refusal is remembered, as that of the first logon is. */
MUST_CHECK enum status smb_session_renew(struct smb_connection *connection, struct error *err);
MUST_CHECK enum status smb_tree_connect(struct smb_connection *connection, struct error *err);
/* LOGOFF, as far as it goes. */
void smb_session_end(struct smb_connection *connection);

/* --- share_smb_mechanism.c --- */

/* A login that has begun, by Kerberos or NTLM. On failure @unavailable says that there is no
 * Kerberos for now, rather than a refusal. */
MUST_CHECK enum status smb_mechanism_begin(struct smb_connection *connection,
					   enum share_smb_authentication how,
					   struct smb_login **login, bool *unavailable,
					   struct error *err);

/* --- share_smb_connect.c --- */

/* Connects when there is no connection; one retry for a fault of the connection, none for
 * authentication. @err is not NULL. */
MUST_CHECK enum status smb_connect(struct smb_connection *connection, struct error *err);

/* --- share_smb_path.c --- */

/* @name below the root as MS-FSCC wants it, UTF-16LE; 0 with @err filled when it does not fit. */
MUST_CHECK enum status smb_path(const struct smb_connection *connection, const char *name,
				unsigned char *out, size_t *length, struct error *err);

/* --- share_smb_file.c --- */

struct smb_open {
	uint32_t access;
	uint32_t disposition;
	uint32_t options;
	uint32_t sharing;
};

MUST_CHECK enum status smb_file_create(struct smb_connection *connection, const char *name,
				       const struct smb_open *how,
				       unsigned char id[SMB_FILE_ID_SIZE], uint64_t *size,
				       struct error *err);
MUST_CHECK enum status smb_file_close_id(struct smb_connection *connection,
					 const unsigned char id[SMB_FILE_ID_SIZE],
					 struct error *err);
MUST_CHECK enum status smb_file_flush(struct smb_file *file, struct error *err);
/* Waits for the replies of all writes; a failure of one of them is reported here, as of each later
 * call. */
MUST_CHECK enum status smb_file_drain(struct smb_file *file, struct error *err);
/* STATUS_SHARE_CONNECTION when the connection it belongs to is gone. */
MUST_CHECK enum status smb_file_check(const struct smb_file *file, struct error *err);

/* --- share_smb_data.c --- */

MUST_CHECK enum status smb_file_write(struct smb_file *file, const void *data, size_t length,
				      struct error *err);
/* A READ whose reply is handed to smb_ahead_take() if @owner is set. */
MUST_CHECK enum status smb_read_send(struct smb_file *file, uint64_t offset, size_t size,
				     struct smb_file *owner, struct error *err);
/* Called for every reply to a WRITE. */
enum status smb_file_written(const struct smb_reply *reply, struct error *err);
MUST_CHECK enum status smb_file_read(struct smb_file *file, uint64_t offset, void *data,
				     size_t length, size_t *got, struct error *err);

/* --- share_smb_ahead.c --- */

/* What there is of a read that goes on where the last one ended, *@got < @length where it has to be
 * read directly. The caller sets ahead.next to where the whole read ended. */
MUST_CHECK enum status smb_ahead_read(struct smb_file *file, uint64_t offset, unsigned char *data,
				      size_t length, size_t *got, struct error *err);
/* Called for every reply to what was asked for ahead. */
enum status smb_ahead_take(const struct smb_reply *reply, struct error *err);
void smb_ahead_done(struct smb_ahead *ahead);

/* --- share_smb_directory.c, share_smb_information.c --- */

MUST_CHECK enum status smb_directory_list(struct smb_connection *connection,
					  const unsigned char id[SMB_FILE_ID_SIZE], share_each each,
					  void *context, struct error *err);
MUST_CHECK enum status smb_rename_new(struct smb_connection *connection,
				      const unsigned char id[SMB_FILE_ID_SIZE], const char *to,
				      struct error *err);
MUST_CHECK enum status smb_mark_deleted(struct smb_connection *connection,
					const unsigned char id[SMB_FILE_ID_SIZE],
					struct error *err);
MUST_CHECK enum status smb_free_space(struct smb_connection *connection,
				      const unsigned char id[SMB_FILE_ID_SIZE],
				      struct share_space *out, struct error *err);

#endif
