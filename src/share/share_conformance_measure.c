/* SPDX-License-Identifier: Apache-2.0 */
/* Figures: clock, free space, one large file and how fast it came and went. */
#include <stdlib.h>

#include "share_conformance_private.h"

#define LARGE_NUMBER 60
/* A slow share gets a smaller file: this long for writing it, but not less than that much. */
#define LARGE_TIME 12000
#define LARGE_LEAST ((uint64_t)4 << 20)
/* What Kerberos takes, unless it is set otherwise (krb5.conf: clockskew). */
#define SKEW_MAX ((int64_t)5 * 60 * 1000)
#define SPACE_LEAST (8 * SHARE_CONFORMANCE_SMALL)
#define SPACE_RESERVE ((uint64_t)1 << 30)
#define SPEED_LEAST 5.0 /* MB/s */

enum status conformance_clock(struct conformance *run, struct share_check *check, struct error *err)
{
	struct conformance_seen seen = { .name = "clock" };
	int64_t before = clock_now(run->clock);
	enum status status = conformance_write(run, run->first, "clock", 61, 100, err);

	int64_t after = clock_now(run->clock);
	if (status == STATUS_OK)
		status = conformance_look(run, run->second, "", &seen, err);
	if (status != STATUS_OK)
		return status;
	if (seen.modified == 0)
		return conformance_skip(check, "the share tells no times");
	/* Anything between is no difference. */
	int64_t skew = seen.modified < before  ? seen.modified - before
		       : seen.modified > after ? seen.modified - after
					       : 0;
	long long seconds = (llabs(skew) + 500) / 1000;
	if (llabs(skew) > SKEW_MAX)
		return conformance_warn(check, "the share's clock is %lld s %s this machine's",
					seconds, skew < 0 ? "behind" : "ahead of");
	return conformance_pass(check, "%lld s apart", seconds);
}

enum status conformance_space(struct conformance *run, struct share_check *check, struct error *err)
{
	struct share_space space;
	uint64_t least = SPACE_LEAST;
	char free_text[16], total_text[16], least_text[16];

	if (run->settings->scope == SHARE_CONFORMANCE_WHOLE)
		least += SHARE_CONFORMANCE_LARGE;

	if ((share_features(run->first) & SHARE_FEATURE_FREE_SPACE) == 0)
		return conformance_skip(check, "this kind of share does not tell");
	enum status status = share_free_space(run->first, &space, err);
	if (status != STATUS_OK)
		return status;
	capacity_text(space.free, free_text);
	capacity_text(space.total, total_text);
	if (space.free < least)
		return fail(err, STATUS_SHARE_FULL, CONFORMANCE_STEP, NULL,
			    "%s of %s are free, this test alone needs %s", free_text, total_text,
			    capacity_text(least, least_text));
	if (space.free < SPACE_RESERVE)
		return conformance_warn(check, "%s of %s are free", free_text, total_text);
	return conformance_pass(check, "%s of %s are free", free_text, total_text);
}

/* --- the large file --- */

static enum status write_large(struct conformance *run, struct share_file *file,
			       unsigned char *block, struct error *err)
{
	int64_t end = clock_monotonic(&system_clock) + LARGE_TIME;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && run->large_size < SHARE_CONFORMANCE_LARGE &&
	       (run->large_size < LARGE_LEAST || clock_monotonic(&system_clock) < end)) {
		conformance_fill(run, LARGE_NUMBER, run->large_size, block, CONFORMANCE_BLOCK);
		status = share_write(file, block, CONFORMANCE_BLOCK, err);
		run->large_size += CONFORMANCE_BLOCK;
	}
	return status == STATUS_OK ? share_flush(file, err) : status;
}

static enum status create_large(struct conformance *run, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file;
	AUTO_FREE unsigned char *block = malloc(CONFORMANCE_BLOCK);

	if (block == NULL)
		return fail_memory(err, CONFORMANCE_STEP);
	int64_t start = clock_monotonic(run->clock);
	enum status status =
		share_create(run->first, conformance_path(run, "large", path), &file, err);
	if (status != STATUS_OK)
		return status;
	status = write_large(run, file, block, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	run->write_time = clock_monotonic(run->clock) - start;
	return status == STATUS_OK ? closed : status;
}

/* Only asked: a share that does not tell is a check of its own. */
static bool measure_space(const struct conformance *run, struct share_space *out)
{
	return share_free_space(run->first, out, NULL) == STATUS_OK;
}

enum status conformance_large(struct conformance *run, struct share_check *check, struct error *err)
{
	char text[16];

	run->has_space = measure_space(run, &run->space_before);
	enum status status = create_large(run, err);
	if (status != STATUS_OK)
		return status;
	run->has_space = run->has_space && measure_space(run, &run->space_after);
	int64_t start = clock_monotonic(run->clock);
	status = conformance_compare(run, run->second, "large", LARGE_NUMBER, run->large_size, err);
	run->read_time = clock_monotonic(run->clock) - start;
	return status != STATUS_OK ? status
				   : conformance_pass(check, "%s, every byte compared",
						      capacity_text(run->large_size, text));
}

/* Others may write and delete meanwhile: half of it is proof enough. */
enum status conformance_space_truth(struct conformance *run, struct share_check *check,
				    struct error *err)
{
	uint64_t before = run->space_before.free;
	uint64_t after = run->space_after.free;
	uint64_t fell = before > after ? before - after : 0;
	char wrote_text[16], fell_text[16];

	(void)err;
	if (!run->has_space)
		return conformance_skip(check, "the share does not tell its free space");
	capacity_text(run->large_size, wrote_text);
	capacity_text(fell, fell_text);
	if (fell < run->large_size / 2)
		return conformance_warn(check, "%s were written and free space fell by %s",
					wrote_text, fell_text);
	return conformance_pass(check, "%s were written, free space fell by %s", wrote_text,
				fell_text);
}

static enum status judge_speed(struct share_check *check, uint64_t bytes, int64_t milliseconds)
{
	double speed = (double)bytes / 1e3 / (double)(milliseconds > 0 ? milliseconds : 1);

	if (speed < SPEED_LEAST)
		return conformance_warn(check, "%.1f MB/s", speed);
	return conformance_pass(check, "%.0f MB/s", speed);
}

enum status conformance_write_speed(struct conformance *run, struct share_check *check,
				    struct error *err)
{
	(void)err;
	return judge_speed(check, run->large_size, run->write_time);
}

enum status conformance_read_speed(struct conformance *run, struct share_check *check,
				   struct error *err)
{
	(void)err;
	return judge_speed(check, run->large_size, run->read_time);
}
