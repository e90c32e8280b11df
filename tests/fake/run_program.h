/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another program to its end, for tests that ask a second implementation. */
#ifndef TESTS_FAKE_RUN_PROGRAM_H
#define TESTS_FAKE_RUN_PROGRAM_H

#include "infrabackup/base/buffer.h"

/* Runs @arguments (the program, found through PATH, then its arguments, then NULL) inside
 * @directory, with empty standard input. @output, when not NULL, is replaced by what the program
 * wrote to its standard output and error, terminated by an uncounted NUL. Returns its exit status;
 * -1 when it could not be started or was killed. */
int run_program(const char *directory, char *const arguments[], struct buffer *output);

#endif
