/* SPDX-License-Identifier: Apache-2.0 */
/* One line a message on stderr: time, level, correlation id, text; never a secret. The level and
 * the destination are process-wide by nature and set once, by app. Callable from all threads. */
#ifndef INFRABACKUP_BASE_LOG_H
#define INFRABACKUP_BASE_LOG_H

#include "infrabackup/base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
/* The id that this thread's lines carry until it is set again; NULL: none. Copied. */
void log_set_correlation(const char *id);
const char *log_correlation(void);
void log_message(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
/* "@what: <error text>". Called once per fault, at the top: request, job, main. */
void log_error(const char *what, const struct error *err);

#endif
