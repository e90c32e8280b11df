/* SPDX-License-Identifier: Apache-2.0 */
/* The private key that a pre-shared key opens: it lies on the share, beside its certificate. */
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

#define STEP "open pre-shared key"
/* Each is a second of work, and a hostile share could hold any number. */
#define TRIED_MAX 64

struct wrapped_keys {
	char names[TRIED_MAX][ARCHIVE_NAME_SIZE];
	size_t count;
};

static enum status see_file(const struct share_entry *entry, void *context, struct error *err)
{
	struct wrapped_keys *found = context;
	size_t length = strlen(entry->name), suffix = sizeof ARCHIVE_WRAPPED_KEY_SUFFIX - 1;
	(void)err;
	if (found->count < TRIED_MAX && length == THUMBPRINT_TEXT_SIZE - 1 + suffix &&
	    strcmp(entry->name + length - suffix, ARCHIVE_WRAPPED_KEY_SUFFIX) == 0)
		(void)snprintf(found->names[found->count++], ARCHIVE_NAME_SIZE,
			       ARCHIVE_CERTIFICATES "/%s", entry->name);
	return STATUS_OK;
}

static enum status try_one(struct recover_source *source, const char *name,
			   const struct secret *key, struct private_key **out, struct error *err)
{
	struct buffer wrapped;
	buffer_init(&wrapped, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = share_get(source->share, name, ARCHIVE_SMALL_FILE_MAX, &wrapped, err);
	if (status == STATUS_OK)
		status = private_key_from_psk(wrapped.data, wrapped.length, key, out, err);
	buffer_done(&wrapped);
	return status;
}

enum status recover_source_key(struct recover_source *source, const struct secret *key,
			       struct private_key **out, struct error *err)
{
	AUTO_FREE struct wrapped_keys *found = calloc(1, sizeof *found);
	if (found == NULL)
		return fail_memory(err, STEP);
	enum status status = share_list(source->share, ARCHIVE_CERTIFICATES, see_file, found, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < found->count; i++) {
		status = cancel_check(source->settings.share->cancel, STEP, err);
		if (status == STATUS_OK)
			status = try_one(source, found->names[i], key, out, err);
		/* Another key's, or damaged: the next one may be what is looked for. */
		if (status != STATUS_AUTHENTICATION && status != STATUS_INTEGRITY &&
		    status != STATUS_NOT_FOUND && status != STATUS_TOO_LARGE)
			return status;
	}
	return fail(err, STATUS_AUTHENTICATION, STEP, ARCHIVE_CERTIFICATES,
		    "the pre-shared key opens none of the %zu keys on the share; backups of a "
		    "certificate are opened by its PFX",
		    found->count);
}
