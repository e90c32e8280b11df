/* SPDX-License-Identifier: Apache-2.0 */
/* A private temporary folder for each test: *state is its path. */
#ifndef INFRABACKUP_TESTS_BASE_FOLDER_H
#define INFRABACKUP_TESTS_BASE_FOLDER_H

int base_folder_setup(void **state);
int base_folder_teardown(void **state);

#endif
