/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing of a test stays behind: neither of this one, whatever became of it, nor of older ones. */
#include <stdio.h>
#include <string.h>

#include "share_conformance_private.h"

/* ms. Another test may be under way, even one that hangs. */
#define LEFTOVER_AGE ((int64_t)24 * 60 * 60 * 1000)
#define LEFTOVERS_MAX 16

struct leftovers {
	const char *own;
	bool has_own;
	int64_t now; /* of the share's clock: when our own folder was changed last */
	struct {
		char name[sizeof(SHARE_CONFORMANCE_PREFIX) + GUID_TEXT_SIZE];
		int64_t modified;
	} items[LEFTOVERS_MAX];
	size_t count;
};

static enum status collect(const struct share_entry *entry, void *context, struct error *err)
{
	struct leftovers *leftovers = context;

	(void)err;
	if (!entry->is_directory)
		return STATUS_OK;
	if (strcmp(entry->name, leftovers->own) == 0) {
		leftovers->has_own = true;
		leftovers->now = entry->modified;
		return STATUS_OK;
	}
	if (!text_starts_with(entry->name, SHARE_CONFORMANCE_PREFIX) ||
	    !guid_is_valid(entry->name + strlen(SHARE_CONFORMANCE_PREFIX)) ||
	    leftovers->count == LEFTOVERS_MAX || entry->modified == 0)
		return STATUS_OK;
	size_t i = leftovers->count++;
	(void)snprintf(leftovers->items[i].name, sizeof(leftovers->items[i].name), "%s",
		       entry->name);
	leftovers->items[i].modified = entry->modified;
	return STATUS_OK;
}

static enum status remove_all(const struct conformance *run, struct share *share, size_t *old,
			      struct error *err)
{
	struct leftovers leftovers = { .own = run->report->folder };
	enum status status = share_list(share, "", collect, &leftovers, err);

	if (status == STATUS_OK && leftovers.has_own)
		status = share_remove_tree(share, leftovers.own, err);
	for (size_t i = 0; i < leftovers.count && status == STATUS_OK; i++) {
		if (leftovers.items[i].modified > leftovers.now - LEFTOVER_AGE)
			continue;
		/* Whoever left it may own it; the next test tries again. */
		if (share_remove_tree(share, leftovers.items[i].name, NULL) == STATUS_OK)
			++*old;
	}
	return status;
}

/* Through a connection of its own: those of the test may be cancelled, overdue or lost. */
enum status conformance_cleanup(struct conformance *run, struct share_check *check,
				struct error *err)
{
	struct share *share = NULL;
	size_t old = 0;

	if (!run->has_folder)
		return conformance_skip(check, "nothing was written");
	enum status status = share_open(run->settings->shares, &run->options, &share, err);
	if (status == STATUS_OK)
		status = remove_all(run, share, &old, err);
	share_close(share);
	if (status == STATUS_CANCELLED)
		status = fail(err, STATUS_SHARE_CONNECTION, CONFORMANCE_STEP, NULL,
			      "the time for cleaning up was over");
	if (status != STATUS_OK) {
		error_add_context(err, "the folder %s may be left behind", run->report->folder);
		return status;
	}
	if (old > 0)
		return conformance_pass(check, "and %zu that earlier tests left", old);
	return conformance_pass(check, "nothing is left");
}
