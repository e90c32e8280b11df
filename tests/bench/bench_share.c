/* SPDX-License-Identifier: Apache-2.0 */
/* Writes or reads packs through the public share interface, as a backup does:
 *   bench_share write|read SHARE USER PASSWORD_FILE COUNT BYTES
 * Names are pack-0 to pack-<COUNT - 1>. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

/* What recovery and verification ask for by one call. */
#define READ_SIZE ((size_t)1 << 20)

struct bench {
	struct share *share;
	unsigned char *data;
	size_t length; /* of a pack */
	struct error err;
};

static enum status write_pack(struct bench *bench, const char *name)
{
	struct share_file *file = NULL;
	enum status status = share_create(bench->share, name, &file, &bench->err);

	if (status != STATUS_OK)
		return status;
	status = share_write(file, bench->data, bench->length, &bench->err);
	if (status == STATUS_OK)
		status = share_flush(file, &bench->err);
	enum status closed = share_close_file(file, status == STATUS_OK ? &bench->err : NULL);
	return status == STATUS_OK ? closed : status;
}

static enum status read_pack(struct bench *bench, const char *name)
{
	struct share_file *file = NULL;
	uint64_t size = 0;
	enum status status = share_open_read(bench->share, name, &file, &size, &bench->err);

	if (status != STATUS_OK)
		return status;
	for (size_t at = 0; at < bench->length && status == STATUS_OK; at += READ_SIZE) {
		size_t left = bench->length - at;
		size_t wanted = left < READ_SIZE ? left : READ_SIZE;
		size_t got = 0;

		status = share_read(file, at, bench->data, wanted, &got, &bench->err);
		if (status == STATUS_OK && got != wanted)
			status = fail(&bench->err, STATUS_INTEGRITY, "read pack", name,
				      "%zu bytes of %zu", got, wanted);
	}
	enum status closed = share_close_file(file, status == STATUS_OK ? &bench->err : NULL);
	return status == STATUS_OK ? closed : status;
}

static enum status open_share(struct bench *bench, char **arguments)
{
	AUTO_SECRET password = SECRET_EMPTY;
	struct share_registry registry;
	struct share_address address;
	struct share_options options = { .address = &address,
					 .user_name = arguments[3],
					 .password = &password,
					 .deadline = 60L * 1000 };
	enum status status = share_address_parse(arguments[2], "SHARE", &address, &bench->err);

	if (status == STATUS_OK)
		status = secret_read_file(&password, arguments[4], &bench->err);
	share_registry_init(&registry);
	if (status == STATUS_OK)
		status = share_open(&registry, &options, &bench->share, &bench->err);
	return status;
}

int main(int count, char **arguments)
{
	struct bench bench = { .share = NULL };
	char text[1024];

	if (count != 7)
		return EXIT_FAILURE;
	bool writes = strcmp(arguments[1], "write") == 0;
	unsigned long packs = strtoul(arguments[5], NULL, 10);
	bench.length = strtoul(arguments[6], NULL, 10);
	AUTO_FREE unsigned char *data = malloc(bench.length);
	bench.data = data;
	memset(data, 0x5a, bench.length);
	share_smb_clear_environment();
	enum status status = open_share(&bench, arguments);
	for (unsigned long i = 0; i < packs && status == STATUS_OK; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "pack-%lu", i);
		status = writes ? write_pack(&bench, name) : read_pack(&bench, name);
	}
	share_close(bench.share);
	if (status == STATUS_OK)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "bench_share: %s\n", error_text(&bench.err, text, sizeof(text)));
	return EXIT_FAILURE;
}
