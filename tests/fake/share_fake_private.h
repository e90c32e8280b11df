/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the fake share: the plan and the driver that obeys it. */
#ifndef FAKE_SHARE_FAKE_PRIVATE_H
#define FAKE_SHARE_FAKE_PRIVATE_H

#include "fake/share_fake.h"

/* Counts a call and tells which fault strikes it; hangs when that is HANG. */
enum share_fake_fault share_fake_enter(struct share_fake *fake, enum share_fake_operation operation,
				       const char *name);
/* The planned read had nothing to corrupt: the next one is struck. */
void share_fake_postpone(struct share_fake *fake);
/* Fails as @fault says; STATUS_OK for those that lie. */
enum status share_fake_fail(struct share_fake *fake, enum share_fake_fault fault,
			    enum share_fake_operation operation, const char *name,
			    struct error *err);
const struct share_driver *share_fake_inner(const struct share_fake *fake, void **state);

/* The functions; scheme and features are the wrapped driver's. */
extern const struct share_driver share_fake_functions;

#endif
