/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder as a share, for tests. */
#include <stdio.h>
#include <stdlib.h>

#include "share_folder.h"

int share_folder_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/share-XXXXXX", base == NULL ? "/tmp" : base) < 0)
		return -1;
	if (mkdtemp(path) == NULL) {
		free(path);
		return -1;
	}
	*state = path;
	return 0;
}

int share_folder_teardown(void **state)
{
	enum status status = file_remove_tree(*state, NULL);

	free(*state);
	*state = NULL;
	return status == STATUS_OK ? 0 : -1;
}

void share_folder_options(struct share_folder_options *options, const char *path)
{
	*options = (struct share_folder_options) {
		.address = { .scheme = "file" },
		.options = { .deadline = 60L * 1000 },
	};
	(void)snprintf(options->address.path, sizeof(options->address.path), "%s", path);
	options->options.address = &options->address;
}
