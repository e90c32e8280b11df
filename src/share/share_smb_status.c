/* SPDX-License-Identifier: Apache-2.0 */
/* What an NTSTATUS of the server means: the one table of failure classes. */
#include <stdio.h>

#include "share_smb_status.h"

struct meaning {
	uint32_t value;
	const char *name;
	const char *text;
	enum status status[2]; /* by enum smb_access */
};

#define BOTH(value, name, class, text)                                                             \
	{                                                                                          \
		value, "STATUS_" #name, text,                                                      \
		{                                                                                  \
			STATUS_##class, STATUS_##class                                             \
		}                                                                                  \
	}
#define SPLIT(value, name, root, file, text)                                                       \
	{                                                                                          \
		value, "STATUS_" #name, text,                                                      \
		{                                                                                  \
			STATUS_##root, STATUS_##file                                               \
		}                                                                                  \
	}
#define LOGON(value, name, text) BOTH(value, name, SHARE_AUTHENTICATION, text)
#define LINE(value, name, text) BOTH(value, name, SHARE_CONNECTION, text)
#define PATH(value, name, file, text) SPLIT(value, name, SHARE_PATH, file, text)
#define FILE_FAULT(value, name, text)                                                              \
	SPLIT(value, name, SHARE_NOT_ACCESSIBLE, SHARE_READ_WRITE, text)

static const struct meaning meanings[] = {
	/* The account. */
	LOGON(0xC000006D, LOGON_FAILURE, "the user name or password is wrong"),
	LOGON(0xC000006A, WRONG_PASSWORD, "the password is wrong"),
	LOGON(0xC0000064, NO_SUCH_USER, "the user does not exist"),
	LOGON(0xC000006C, PASSWORD_RESTRICTION, "the password breaks the server's rules"),
	LOGON(0xC000006E, ACCOUNT_RESTRICTION, "the account is restricted"),
	LOGON(0xC000006F, INVALID_LOGON_HOURS, "the account may not log on at this time"),
	LOGON(0xC0000070, INVALID_WORKSTATION, "the account may not log on from this machine"),
	LOGON(0xC0000071, PASSWORD_EXPIRED, "the password has expired"),
	LOGON(0xC0000072, ACCOUNT_DISABLED, "the account is disabled"),
	LOGON(0xC0000193, ACCOUNT_EXPIRED, "the account has expired"),
	LOGON(0xC0000224, PASSWORD_MUST_CHANGE, "the password must be changed first"),
	LOGON(0xC0000234, ACCOUNT_LOCKED_OUT, "the account is locked out"),
	LOGON(0xC000015B, LOGON_TYPE_NOT_GRANTED, "the account may not log on over the network"),
	LOGON(0xC0000133, TIME_DIFFERENCE_AT_DC, "the clocks differ too much"),
	LOGON(0xC000005E, NO_LOGON_SERVERS, "the server reaches no logon server"),
	LOGON(0xC000018B, NO_TRUST_SAM_ACCOUNT, "the server has no account in the domain"),
	LOGON(0xC000018C, TRUSTED_DOMAIN_FAILURE, "the trust between the domains failed"),
	LOGON(0xC000018D, TRUSTED_RELATIONSHIP_FAILURE, "the server's trust in its domain failed"),
	LOGON(0xC0000190, TRUST_FAILURE, "the trust between the domains failed"),
	LOGON(0xC0000192, NETLOGON_NOT_STARTED, "the server's logon service does not run"),
	LOGON(0xC0000233, DOMAIN_CONTROLLER_NOT_FOUND, "the server finds no domain controller"),
	LOGON(0xC0000413, AUTHENTICATION_FIREWALL_FAILED, "the account may not use this server"),
	LOGON(0xC0000418, NTLM_BLOCKED, "the server does not accept NTLM"),
	/* The share and names in it. */
	SPLIT(0xC00000CC, BAD_NETWORK_NAME, SHARE_PATH, SHARE_PATH,
	      "the server has no such share, its folder is gone, or it only leads to another "
	      "server"),
	SPLIT(0xC00000BE, BAD_NETWORK_PATH, SHARE_PATH, SHARE_PATH, "the network path is wrong"),
	SPLIT(0xC00000CB, BAD_DEVICE_TYPE, SHARE_PATH, SHARE_PATH, "this is not a file share"),
	SPLIT(0xC0000257, PATH_NOT_COVERED, SHARE_PATH, SHARE_PATH,
	      "this is a DFS path: name the server and share that it leads to"),
	PATH(0xC0000034, OBJECT_NAME_NOT_FOUND, NOT_FOUND, "there is no such file or folder"),
	PATH(0xC000003A, OBJECT_PATH_NOT_FOUND, NOT_FOUND, "a folder of the path is missing"),
	PATH(0xC000000F, NO_SUCH_FILE, NOT_FOUND, "there is no such file"),
	PATH(0xC0000103, NOT_A_DIRECTORY, NOT_FOUND, "this is a file, not a folder"),
	PATH(0xC00000BA, FILE_IS_A_DIRECTORY, NOT_FOUND, "this is a folder, not a file"),
	PATH(0xC0000033, OBJECT_NAME_INVALID, SHARE_PATH, "the server does not take this name"),
	PATH(0xC0000039, OBJECT_PATH_INVALID, SHARE_PATH, "the server does not take this path"),
	PATH(0xC000003B, OBJECT_PATH_SYNTAX_BAD, SHARE_PATH, "the server does not take this path"),
	PATH(0xC0000106, NAME_TOO_LONG, SHARE_PATH, "the name is too long for the server"),
	SPLIT(0xC0000035, OBJECT_NAME_COLLISION, SHARE_NOT_ACCESSIBLE, EXISTS, "the name is taken"),
	SPLIT(0xC0000101, DIRECTORY_NOT_EMPTY, SHARE_NOT_ACCESSIBLE, CONFLICT,
	      "the folder is not empty"),
	/* Room. */
	BOTH(0xC000007F, DISK_FULL, SHARE_FULL, "the share is full"),
	BOTH(0xC0000044, QUOTA_EXCEEDED, SHARE_FULL, "the user's quota is used up"),
	/* Rights and files. */
	FILE_FAULT(
		0xC0000022, ACCESS_DENIED,
		"the server denies access: the account needs the rights to read, write and delete"),
	FILE_FAULT(0xC00000CA, NETWORK_ACCESS_DENIED, "the server denies access"),
	FILE_FAULT(0xC0000061, PRIVILEGE_NOT_HELD, "the user lacks a privilege"),
	FILE_FAULT(0xC00000A2, MEDIA_WRITE_PROTECTED, "the server's disk is read-only"),
	FILE_FAULT(0xC0000121, CANNOT_DELETE, "the file is read-only or in use"),
	FILE_FAULT(0xC0000043, SHARING_VIOLATION, "the file is open elsewhere"),
	FILE_FAULT(0xC0000054, FILE_LOCK_CONFLICT, "the file is locked elsewhere"),
	FILE_FAULT(0xC0000055, LOCK_NOT_GRANTED, "the file is locked elsewhere"),
	FILE_FAULT(0xC0000056, DELETE_PENDING, "the file is being deleted"),
	FILE_FAULT(0xC0000243, USER_MAPPED_FILE, "the file is in use on the server"),
	FILE_FAULT(0xC00000D4, NOT_SAME_DEVICE, "the names are on different disks"),
	FILE_FAULT(0xC000003E, DATA_ERROR, "the server's disk has a data error"),
	FILE_FAULT(0xC000003F, CRC_ERROR, "the server's disk has a data error"),
	FILE_FAULT(0xC000009C, DEVICE_DATA_ERROR, "the server's disk has a data error"),
	FILE_FAULT(0xC0000102, FILE_CORRUPT_ERROR, "the server's file system is damaged"),
	FILE_FAULT(0xC0000185, IO_DEVICE_ERROR, "the server's disk has failed"),
	FILE_FAULT(0xC00000A3, DEVICE_NOT_READY, "the server's disk is not ready"),
	FILE_FAULT(0xC000000E, NO_SUCH_DEVICE, "the server's disk is gone"),
	FILE_FAULT(0xC000026E, VOLUME_DISMOUNTED, "the server's disk was taken away"),
	FILE_FAULT(0xC0000001, UNSUCCESSFUL, "the server failed without a reason"),
	FILE_FAULT(0xC00000E5, INTERNAL_ERROR, "the server failed in itself"),
	FILE_FAULT(0xC0000002, NOT_IMPLEMENTED, "the server cannot do this"),
	FILE_FAULT(0xC0000010, INVALID_DEVICE_REQUEST, "the server cannot do this"),
	FILE_FAULT(0xC00000BB, NOT_SUPPORTED, "the server cannot do this"),
	FILE_FAULT(0xC000000D, INVALID_PARAMETER, "the server did not understand the request"),
	FILE_FAULT(0xC0000008, INVALID_HANDLE, "the server no longer knows the open file"),
	FILE_FAULT(0xC0000128, FILE_CLOSED, "the server has closed the file"),
	FILE_FAULT(0xC0000017, NO_MEMORY, "the server is out of memory"),
	FILE_FAULT(0xC000009A, INSUFFICIENT_RESOURCES, "the server is out of resources"),
	FILE_FAULT(0xC0000205, INSUFF_SERVER_RESOURCES, "the server is out of resources"),
	FILE_FAULT(0x8000002D, STOPPED_ON_SYMLINK,
		   "a symbolic link is in the way: name the folder that it leads to"),
	FILE_FAULT(0xC000011F, TOO_MANY_OPENED_FILES, "the server has too many open files"),
	FILE_FAULT(0xC0000011, END_OF_FILE, "the file is shorter than it was"),
	/* The way there. */
	LINE(0xC00000B5, IO_TIMEOUT, "the server's storage gave no answer"),
	LINE(0xC00000BF, NETWORK_BUSY, "the server is busy"),
	LINE(0xC00000C3, INVALID_NETWORK_RESPONSE, "the server got a bad answer"),
	LINE(0xC00000C4, UNEXPECTED_NETWORK_ERROR, "the server's network failed"),
	LINE(0xC00000C9, NETWORK_NAME_DELETED, "the server has taken the share away"),
	LINE(0xC00000CE, TOO_MANY_SESSIONS, "the server has too many sessions"),
	LINE(0xC00000CF, SHARING_PAUSED, "the server has paused the share"),
	LINE(0xC00000D0, REQUEST_NOT_ACCEPTED, "the server takes no more connections"),
	LINE(0xC0000120, CANCELLED, "the server gave the request up"),
	LINE(0xC0000203, USER_SESSION_DELETED, "the server has ended the session"),
	LINE(0xC000020C, CONNECTION_DISCONNECTED, "the server has ended the connection"),
	LINE(0xC000020D, CONNECTION_RESET, "the server has ended the connection"),
	LINE(0xC000023A, CONNECTION_INVALID, "the server has ended the connection"),
	LINE(0xC0000241, CONNECTION_ABORTED, "the server has ended the connection"),
	LINE(0xC000035C, NETWORK_SESSION_EXPIRED, "the session has expired"),
	LINE(0xC0000466, SERVER_UNAVAILABLE, "the server is not available"),
	LINE(0xC0000467, FILE_NOT_AVAILABLE, "the server is failing over"),
	LINE(0xC0000480, SHARE_UNAVAILABLE, "the share is not available"),
};

static const struct meaning *find(uint32_t value)
{
	for (size_t i = 0; i < ARRAY_LENGTH(meanings); i++)
		if (meanings[i].value == value)
			return &meanings[i];
	return NULL;
}

const char *smb_status_name(uint32_t status, char text[32])
{
	const struct meaning *meaning = find(status);

	if (meaning != NULL)
		return meaning->name;
	(void)snprintf(text, 32, "NTSTATUS 0x%08X", (unsigned)status);
	return text;
}

enum status smb_status_fail(struct error *err, enum smb_access access, uint32_t status)
{
	const struct meaning *meaning = find(status);
	enum status class =
		access == SMB_ACCESS_ROOT ? STATUS_SHARE_NOT_ACCESSIBLE : STATUS_SHARE_READ_WRITE;
	char number[32];

	if (meaning != NULL)
		class = meaning->status[access];
	(void)fail(err, class, "use share", NULL, "%s",
		   meaning != NULL ? meaning->text : "the server refused for a reason of its own");
	if (err != NULL) {
		err->cause = (int)status;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "%s",
			       smb_status_name(status, number));
	}
	return class;
}
