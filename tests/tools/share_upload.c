/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup does to a share, step by step, for scripts that break the share at one of them:
 *   share_upload --to SHARE [--user NAME --password-file FILE] --deadline MS --packs N --size BYTES
 *                [--pause STEP:PACK]
 * Every pack is written under a temporary name, flushed, closed, read back through a new handle and
 * renamed to a new name; at the end comes a small whole file. One JSON line on standard output for
 * every step that was done, and one with the result. With --pause it says so before that step and
 * goes on after a line on standard input: "open:0", "folder:0", of a pack from 1 create, write (in
 * its middle), flush, close, read and rename, "put:N" after the last pack, and "remove" of what
 * failed. Exit status: 0 uploaded, 1 failed as the result says, 2 wrong use. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#define BLOCK ((size_t)1 << 20)
#define FOLDER "packs"

struct upload {
	struct share *share;
	struct share_file *file;
	const char *pause;
	size_t size;   /* of a pack */
	unsigned pack; /* from 1; 0 before the first */
	int64_t begun; /* ms; of the step under way */
	char temporary[64], name[64];
	unsigned char block[BLOCK], read[BLOCK];
};

/* CLOCK_MONOTONIC is the same in every process. */
static double now(void)
{
	return (double)clock_monotonic(&system_clock) / 1000.0;
}

static void say(json_t *line)
{
	(void)json_dumpf(line, stdout, JSON_COMPACT);
	(void)putchar('\n');
	(void)fflush(stdout);
	json_decref(line);
}

static void say_step(const struct upload *upload, const char *event, const char *step)
{
	say(json_pack("{s:s, s:s, s:i, s:s, s:I, s:f}", "event", event, "step", step, "pack",
		      (int)upload->pack, "name", upload->name, "size", (json_int_t)upload->size,
		      "at", now()));
}

/* Before @step: waits for the script, if it asked for that. */
static void begin(struct upload *upload, const char *step)
{
	char here[32];
	char line[16];

	(void)snprintf(here, sizeof(here), "%s:%u", step, upload->pack);
	if (upload->pause != NULL && strcmp(here, upload->pause) == 0) {
		say_step(upload, "paused", step);
		(void)!fgets(line, sizeof(line), stdin);
	}
	upload->begun = clock_monotonic(&system_clock);
}

static enum status end(const struct upload *upload, enum status status, const char *step)
{
	if (status == STATUS_OK)
		say_step(upload, "done", step);
	return status;
}

/* The bytes of a pack at @offset: other ones in every block of every pack. */
static size_t fill(struct upload *upload, size_t offset)
{
	size_t length = upload->size - offset < BLOCK ? upload->size - offset : BLOCK;
	uint64_t value = ((uint64_t)upload->pack << 40) + offset;

	for (size_t i = 0; i + sizeof(value) <= BLOCK; i += sizeof(value), value++)
		memcpy(upload->block + i, &value, sizeof(value));
	return length;
}

static enum status write_pack(struct upload *upload, struct error *err)
{
	size_t middle = upload->size / 2 / BLOCK * BLOCK;

	for (size_t offset = 0; offset < upload->size;) {
		size_t length = fill(upload, offset);

		if (offset == middle)
			begin(upload, "write");
		else
			upload->begun = clock_monotonic(&system_clock);
		enum status status = share_write(upload->file, upload->block, length, err);
		if (status != STATUS_OK)
			return status;
		offset += length;
	}
	return end(upload, STATUS_OK, "write");
}

static enum status compare(struct upload *upload, struct share_file *file, struct error *err)
{
	for (size_t offset = 0; offset < upload->size;) {
		size_t length = fill(upload, offset);
		size_t got = 0;

		upload->begun = clock_monotonic(&system_clock);
		enum status status = share_read(file, offset, upload->read, length, &got, err);
		if (status != STATUS_OK)
			return status;
		if (got != length || memcmp(upload->read, upload->block, length) != 0)
			return fail(err, STATUS_SHARE_UPLOAD, "read back", upload->temporary,
				    "the share returns other bytes than were written");
		offset += length;
	}
	return STATUS_OK;
}

static enum status read_back(struct upload *upload, struct error *err)
{
	struct share_file *file = NULL;
	uint64_t size = 0;

	begin(upload, "read");
	enum status status = share_open_read(upload->share, upload->temporary, &file, &size, err);
	if (status != STATUS_OK)
		return status;
	status = compare(upload, file, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	return end(upload, status == STATUS_OK ? closed : status, "read");
}

static enum status upload_pack(struct upload *upload, struct error *err)
{
	begin(upload, "create");
	enum status status =
		end(upload, share_create(upload->share, upload->temporary, &upload->file, err),
		    "create");
	if (status == STATUS_OK)
		status = write_pack(upload, err);
	if (status == STATUS_OK) {
		begin(upload, "flush");
		status = end(upload, share_flush(upload->file, err), "flush");
	}
	if (status == STATUS_OK) {
		begin(upload, "close");
		status = end(upload, share_close_file(TAKE(upload->file), err), "close");
	}
	if (status == STATUS_OK)
		status = read_back(upload, err);
	if (status == STATUS_OK) {
		begin(upload, "rename");
		status = end(upload,
			     share_rename_new(upload->share, upload->temporary, upload->name, err),
			     "rename");
	}
	return status;
}

static void choose_names(struct upload *upload)
{
	char guid[GUID_TEXT_SIZE];

	upload->pack++;
	guid_generate(guid);
	(void)snprintf(upload->temporary, sizeof(upload->temporary),
		       FOLDER "/" SHARE_TEMPORARY_PREFIX "%s", guid);
	(void)snprintf(upload->name, sizeof(upload->name), FOLDER "/%s.pack", guid);
}

/* A whole small file named after the last pack; the library names its temporary file itself. */
static enum status put_record(struct upload *upload, struct error *err)
{
	static const char record[] = "all packs are there\n";

	upload->temporary[0] = '\0';
	upload->size = sizeof(record) - 1;
	(void)snprintf(upload->name + strlen(upload->name) - strlen("pack"), sizeof("json"),
		       "json");
	begin(upload, "put");
	return end(upload, share_put(upload->share, upload->name, record, upload->size, err),
		   "put");
}

static enum status upload_all(struct upload *upload, const struct share_options *options,
			      unsigned packs, struct error *err)
{
	struct share_registry registry;

	share_registry_init(&registry);
	begin(upload, "open");
	say_step(upload, "begun", "open");
	enum status status =
		end(upload, share_open(&registry, options, &upload->share, err), "open");
	if (status != STATUS_OK)
		return status;
	begin(upload, "folder");
	status = end(upload, share_make_directories(upload->share, FOLDER, err), "folder");
	for (unsigned i = 0; i < packs && status == STATUS_OK; i++) {
		choose_names(upload);
		status = upload_pack(upload, err);
	}
	return status == STATUS_OK ? put_record(upload, err) : status;
}

/* As an upload that failed is given up: what it left is removed if the share still can. */
static void give_up(struct upload *upload)
{
	if (upload->file != NULL)
		status_ignore(share_close_file(upload->file, NULL));
	if (upload->temporary[0] != '\0')
		share_discard(upload->share, upload->temporary);
}

static void say_result(const struct upload *upload, const struct error *err)
{
	say(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "event", "result", "status",
		      status_name(err->status), "class",
		      err->status == STATUS_OK ? "" : share_failure_class(err->status), "cause",
		      err->cause_name, "step", err->step, "path", err->path, "message",
		      err->message, "seconds",
		      (double)(clock_monotonic(&system_clock) - upload->begun) / 1000.0, "at",
		      now()));
}

static const struct option long_options[] = {
	{ "to", required_argument, NULL, 't' },
	{ "user", required_argument, NULL, 'u' },
	{ "password-file", required_argument, NULL, 'w' },
	{ "deadline", required_argument, NULL, 'd' },
	{ "packs", required_argument, NULL, 'n' },
	{ "size", required_argument, NULL, 's' },
	{ "pause", required_argument, NULL, 'p' },
	{ NULL, 0, NULL, 0 },
};

struct settings {
	struct share_address address;
	struct share_options options;
	struct secret password;
	unsigned packs;
};

static enum status read_options(int argc, char **argv, struct settings *settings,
				struct upload *upload, struct error *err)
{
	enum status status = STATUS_OK;

	for (int option; status == STATUS_OK &&
			 (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (option == 't')
			status = share_address_parse(optarg, "--to", &settings->address, err);
		else if (option == 'u')
			settings->options.user_name = optarg;
		else if (option == 'w')
			status = secret_read_file(&settings->password, optarg, err);
		else if (option == 'd')
			settings->options.deadline = strtol(optarg, NULL, 10);
		else if (option == 'n')
			settings->packs = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			upload->size = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			upload->pause = optarg;
		else
			status = fail(err, STATUS_INVALID, "read options", NULL, "unknown option");
	}
	settings->options.address = &settings->address;
	settings->options.password = &settings->password;
	if (status == STATUS_OK &&
	    (settings->address.scheme[0] == '\0' || settings->options.deadline <= 0 ||
	     settings->packs == 0 || upload->size == 0))
		status = fail(err, STATUS_INVALID, "read options", NULL,
			      "--to, --deadline, --packs and --size are needed");
	return status;
}

int main(int argc, char **argv)
{
	static struct upload upload;
	struct settings settings = { .packs = 0 };
	struct error err = { .status = STATUS_OK };

	share_smb_clear_environment();
	if (read_options(argc, argv, &settings, &upload, &err) != STATUS_OK) {
		(void)fprintf(stderr, "share_upload: %s\n", err.message);
		secret_free(&settings.password);
		return 2;
	}
	enum status status = upload_all(&upload, &settings.options, settings.packs, &err);
	say_result(&upload, &err);
	if (status != STATUS_OK && upload.share != NULL) {
		begin(&upload, "remove");
		give_up(&upload);
		say_step(&upload, "done", "remove");
	}
	share_close(upload.share);
	say_step(&upload, "done", "end");
	secret_free(&settings.password);
	return status == STATUS_OK ? 0 : 1;
}
