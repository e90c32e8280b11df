/* SPDX-License-Identifier: Apache-2.0 */
/* The same as bench_share.c with Samba's library, which has no flush:
 *   bench_libsmbclient write|read SHARE USER PASSWORD_FILE COUNT BYTES
 * It would go on unencrypted with a server that allows it: the server has to require encryption. */
#include <fcntl.h>
#include <libsmbclient.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fastest of those tried. */
#define CALL_SIZE ((size_t)4 << 20)

static const char *user;
static char password[128];

static void authenticate(SMBCCTX *context, const char *server, const char *share, char *workgroup,
			 int workgroup_size, char *name, int name_size, char *secret,
			 int secret_size)
{
	const char *separator = strchr(user, '\\');

	(void)context;
	(void)server;
	(void)share;
	(void)snprintf(workgroup, (size_t)workgroup_size, "%.*s",
		       separator == NULL ? 0 : (int)(separator - user), user);
	(void)snprintf(name, (size_t)name_size, "%s", separator == NULL ? user : separator + 1);
	(void)snprintf(secret, (size_t)secret_size, "%s", password);
}

static bool transfer(SMBCCTX *context, const char *url, bool writes, char *data, size_t length)
{
	SMBCFILE *file = smbc_getFunctionOpen(context)(
		context, url, writes ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY, 0644);

	if (file == NULL)
		return false;
	for (size_t at = 0; at < length; at += CALL_SIZE) {
		size_t left = length - at;
		size_t size = left < CALL_SIZE ? left : CALL_SIZE;
		ssize_t done =
			writes ? smbc_getFunctionWrite(context)(context, file, data + at, size)
			       : smbc_getFunctionRead(context)(context, file, data + at, size);

		if (done != (ssize_t)size)
			return false;
	}
	return smbc_getFunctionClose(context)(context, file) == 0;
}

static bool read_password(const char *path)
{
	FILE *file = fopen(path, "re");
	bool found = file != NULL && fgets(password, sizeof(password), file) != NULL;

	password[strcspn(password, "\n")] = '\0';
	if (file != NULL)
		(void)fclose(file);
	return found;
}

static SMBCCTX *connect_context(void)
{
	SMBCCTX *context = smbc_new_context();

	if (context == NULL || smbc_init_context(context) == NULL)
		return NULL;
	smbc_setFunctionAuthDataWithContext(context, authenticate);
	smbc_setOptionSmbEncryptionLevel(context, SMBC_ENCRYPTLEVEL_REQUIRE);
	return context;
}

int main(int count, char **arguments)
{
	if (count != 7 || !read_password(arguments[4]))
		return EXIT_FAILURE;
	bool writes = strcmp(arguments[1], "write") == 0;
	unsigned long packs = strtoul(arguments[5], NULL, 10);
	size_t length = strtoul(arguments[6], NULL, 10);
	SMBCCTX *context = connect_context();
	char *data = malloc(length);
	bool good = context != NULL && data != NULL;

	user = arguments[3];
	if (good)
		memset(data, 0x5a, length);
	for (unsigned long i = 0; i < packs && good; i++) {
		char url[512];

		(void)snprintf(url, sizeof(url), "%s/pack-%lu", arguments[2], i);
		good = transfer(context, url, writes, data, length);
		if (!good)
			perror(url);
	}
	if (context != NULL)
		(void)smbc_free_context(context, 1);
	free(data);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
