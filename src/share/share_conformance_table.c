/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a conformance test in their order, and what to do when one of them fails. */
#include "share_conformance_private.h"

#define REMEDY_CONNECTION                                                                          \
	"Check the server's name, the name service, that the server runs and answers, and that "   \
	"TCP port 445 (or the one given) is open from this machine."
#define REMEDY_CACHE                                                                               \
	"Turn off what delays or hides changes between the share's users: caching on the server, " \
	"replicas, gateways in front of it. Until then use another share."
#define REMEDY_ATOMIC                                                                              \
	"The share must refuse this. If it is mounted, mount it with an up-to-date client or "     \
	"name "                                                                                    \
	"the server itself (\\\\server\\share); else use another server."
#define REMEDY_RIGHTS                                                                              \
	"Give the user the right to create, read, write, rename and delete files and folders, "    \
	"both "                                                                                    \
	"in the share's own permissions and in those of its file system."
#define REMEDY_NAMES                                                                               \
	"The server or the mount changes or refuses names that backups need: look at its "         \
	"settings "                                                                                \
	"for name mapping, character sets and the greatest length, or use another share."

const struct conformance_check conformance_checks[] = {
	{ .id = "server-connect",
	  .title = "the server's name has an address and it answers",
	  .remedy = REMEDY_CONNECTION,
	  .run = conformance_connect },
	{ .id = "dialect",
	  .title = "the server speaks SMB 3.1.1",
	  .remedy = "Allow SMB 3.1.1 on the server: Windows Server 2016 or later, Samba 4.3 or "
		    "later. An older server can be mounted and named as a folder.",
	  .needs = { "server-connect" },
	  .run = conformance_dialect },
	{ .id = "encryption",
	  .title = "the connection is encrypted",
	  .remedy = "Turn SMB encryption on for the share or the server, with AES-128-GCM or "
		    "AES-256-GCM among its ciphers. Only to do without it: name the server in "
		    "smb.unencryptedServers of the configuration (--unencrypted-server).",
	  .needs = { "dialect" },
	  .run = conformance_encryption },
	{ .id = "logon",
	  .title = "the user can log on",
	  .remedy = "Check user name, domain and password. Nothing was tried twice.",
	  .needs = { "encryption" },
	  .run = conformance_logon },
	{ .id = "share-open",
	  .title = "the share and its folder can be opened",
	  .remedy = "Check the share's name and the folder in it, that both exist, and that the "
		    "user may use them.",
	  .needs = { "logon" },
	  .run = conformance_share },
	{ .id = "signing",
	  .title = "messages are signed",
	  .needs = { "share-open" },
	  .run = conformance_signing },
	{ .id = "authentication",
	  .title = "the user is authenticated by a strong mechanism",
	  .remedy = "For Kerberos name the server by the host name that its domain knows, not by "
		    "an address, and make sure that this machine reaches a domain controller.",
	  .needs = { "share-open" },
	  .run = conformance_authentication },
	{ .id = "storage",
	  .title = "the file system keeps what is written",
	  .remedy = "Mount a disk or a server's share at this folder, or name another folder.",
	  .needs = { "share-open" },
	  .run = conformance_storage },
	{ .id = "second-connection",
	  .title = "the share can be opened twice at the same time",
	  .remedy = "Raise the number of sessions that the server allows to one user.",
	  .needs = { "share-open" },
	  .uses_own_handle = true,
	  .run = conformance_second },
	{ .id = "create-folder",
	  .title = "folders can be made, each only once",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "share-open" },
	  .run = conformance_folder },
	{ .id = "create-file",
	  .title = "a file can be created and written",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "create-folder" },
	  .run = conformance_create },
	{ .id = "read-back",
	  .title = "what was written is read back",
	  .remedy = "The share loses or changes data. Do not use it before its hardware and file "
		    "system have been checked.",
	  .needs = { "create-file" },
	  .run = conformance_read_back },
	{ .id = "read-elsewhere",
	  .title = "another connection reads it at once",
	  .remedy = REMEDY_CACHE,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_read_elsewhere },
	{ .id = "create-existing",
	  .title = "creating a file that exists is refused",
	  .remedy = REMEDY_ATOMIC,
	  .needs = { "create-file" },
	  .run = conformance_create_existing },
	{ .id = "empty-file",
	  .title = "an empty file stays one",
	  .remedy = "The share does not keep empty files. Use another one.",
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_empty },
	{ .id = "list-folder",
	  .title = "a folder lists what is in it, with the right size",
	  .remedy = REMEDY_CACHE,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_list },
	{ .id = "flush",
	  .title = "a file can be flushed and is then seen by others",
	  .remedy = "Let the server honour flushes (Samba: strict sync = yes) and write data that "
		    "is flushed to disk.",
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_flush },
	{ .id = "read-together",
	  .title = "two connections read one file at the same time",
	  .remedy = "Turn off mandatory or exclusive locks on the server for this share.",
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_read_together },
	{ .id = "rename-file",
	  .title = "a file can be renamed",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_rename },
	{ .id = "rename-existing",
	  .title = "renaming onto a file that exists is refused",
	  .remedy = REMEDY_ATOMIC,
	  .needs = { "rename-file" },
	  .run = conformance_rename_existing },
	{ .id = "rename-folder",
	  .title = "a folder can be renamed with what is in it",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_rename_folder },
	{ .id = "rename-onto-folder",
	  .title = "renaming onto a folder that exists is refused",
	  .remedy = REMEDY_ATOMIC,
	  .needs = { "rename-folder" },
	  .run = conformance_rename_onto_folder },
	{ .id = "publish",
	  .title = "a file appears under its final name only when it is complete",
	  .remedy = REMEDY_CACHE,
	  .needs = { "rename-file" },
	  .run = conformance_publish },
	{ .id = "delete-file",
	  .title = "a file can be deleted and is gone",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_delete_file },
	{ .id = "delete-folder",
	  .title = "an empty folder can be deleted and is gone",
	  .remedy = REMEDY_RIGHTS,
	  .needs = { "create-folder", "second-connection" },
	  .run = conformance_delete_folder },
	{ .id = "delete-full-folder",
	  .title = "deleting a folder with files in it is refused",
	  .remedy = REMEDY_ATOMIC,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_delete_full_folder },
	{ .id = "deep-folders",
	  .title = "folders can be nested deeper than a repository does",
	  .remedy = "Allow longer paths on the server, or put the backups into a folder nearer to "
		    "the share's root.",
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_deep },
	{ .id = "repository-names",
	  .title = "every form of name that a repository has is kept as it is",
	  .remedy = REMEDY_NAMES,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_repository_names },
	{ .id = "long-name",
	  .title = "a name may have 200 characters",
	  .remedy = "Backups use names of up to 69 characters, so this share does. Do not keep "
		    "longer ones of your own there.",
	  .needs = { "create-file", "second-connection" },
	  .is_advisory = true,
	  .is_thorough = true,
	  .run = conformance_long_name },
	{ .id = "unicode-names",
	  .title = "names in any script are kept byte for byte",
	  .remedy = "Backups use ASCII names only, so this share does. Set its character set to "
		    "UTF-8 if others are to be kept there.",
	  .needs = { "create-file", "second-connection" },
	  .is_advisory = true,
	  .is_thorough = true,
	  .run = conformance_unicode },
	{ .id = "composed-names",
	  .title = "composed and decomposed letters are told apart",
	  .remedy = "Backups use ASCII names only, so this share does. Copies of other folders "
		    "onto it may lose files.",
	  .needs = { "create-file", "second-connection" },
	  .is_advisory = true,
	  .is_thorough = true,
	  .run = conformance_composed },
	{ .id = "case",
	  .title = "names that differ in case harm nothing",
	  .remedy = REMEDY_ATOMIC,
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_case },
	{ .id = "many-files",
	  .title = "of many files in a folder each is listed once",
	  .remedy = "The share leaves files out of its lists or names them twice. Look for a fault "
		    "of its file system or a limit on files in a folder.",
	  .needs = { "create-file", "second-connection" },
	  .is_thorough = true,
	  .run = conformance_many },
	{ .id = "cancel",
	  .title = "a cancelled write ends at once",
	  .remedy = "The network or the server answers very slowly: look at both.",
	  .needs = { "create-file" },
	  .is_advisory = true,
	  .uses_own_handle = true,
	  .is_thorough = true,
	  .run = conformance_cancel },
	{ .id = "clock",
	  .title = "the share's clock and this machine's agree within five minutes",
	  .remedy = "Let both machines take their time from the same time server: Kerberos refuses "
		    "logons otherwise.",
	  .needs = { "create-file", "second-connection" },
	  .run = conformance_clock },
	{ .id = "free-space",
	  .title = "there is room for backups",
	  .remedy = "Free space on the share or raise its quota: a backup needs what has changed, "
		    "the first one nearly everything.",
	  .needs = { "share-open" },
	  .run = conformance_space },
	{ .id = "large-file",
	  .title = "a large file is read back as it was written",
	  .remedy = "The share loses or changes data. Do not use it before its hardware and file "
		    "system have been checked.",
	  .needs = { "free-space", "read-elsewhere" },
	  .is_thorough = true,
	  .run = conformance_large },
	{ .id = "free-space-truth",
	  .title = "free space falls by what is written",
	  .remedy = "If nobody else deleted files meanwhile, the share's figure for free space "
		    "cannot "
		    "be relied on (quotas, compression, "
		    "another volume behind it): watch its fill level on the server.",
	  .needs = { "large-file" },
	  .is_thorough = true,
	  .run = conformance_space_truth },
	{ .id = "write-speed",
	  .title = "writing is fast enough",
	  .remedy = "Look at the network and the server's disks: at this rate a backup of 100 GB "
		    "takes hours.",
	  .needs = { "large-file" },
	  .is_thorough = true,
	  .run = conformance_write_speed },
	{ .id = "read-speed",
	  .title = "reading is fast enough",
	  .remedy = "Look at the network and the server's disks: at this rate a recovery of 100 GB "
		    "takes hours.",
	  .needs = { "large-file" },
	  .is_thorough = true,
	  .run = conformance_read_speed },
	{ .id = "clean-up",
	  .title = "the test leaves nothing behind",
	  .remedy =
		  "Delete the folder " SHARE_CONFORMANCE_PREFIX "... on the share by hand. A test "
		  "that is run a day later does it, too.",
	  .is_always_run = true,
	  .run = conformance_cleanup },
};
const size_t conformance_check_count = ARRAY_LENGTH(conformance_checks);

_Static_assert(ARRAY_LENGTH(conformance_checks) <= SHARE_CONFORMANCE_CHECKS_MAX,
	       "a report has room for every check");

/* These say more than the check in which they happen to come up. */
const char *conformance_remedy(enum status status)
{
	switch (status) {
	case STATUS_SHARE_FULL:
		return "Free space on the share or raise the user's quota.";
	case STATUS_SHARE_AUTHENTICATION:
		return "Check user name, domain and password, and that the account is neither "
		       "locked "
		       "nor expired. Nothing was tried twice.";
	case STATUS_SHARE_CONNECTION:
		return REMEDY_CONNECTION;
	case STATUS_NO_MEMORY:
		return "This machine is out of memory: end other programs.";
	default:
		return NULL;
	}
}
