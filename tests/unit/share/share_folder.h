/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder as a share, for tests. */
#ifndef TESTS_SHARE_FOLDER_H
#define TESTS_SHARE_FOLDER_H

#include "infrabackup/share.h"

/* cmocka fixtures: *@state is the path of an empty folder, removed afterwards. */
int share_folder_setup(void **state);
int share_folder_teardown(void **state);

/* Options that point into themselves: not to be copied while in use. */
struct share_folder_options {
	struct share_address address;
	struct share_options options;
};

/* The folder at @path as a share with a deadline of 60 s. */
void share_folder_options(struct share_folder_options *options, const char *path);

#endif
