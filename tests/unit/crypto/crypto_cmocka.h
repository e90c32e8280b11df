/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka, to be included last: its macro fail() would break the declaration of ours. */
#ifndef TESTS_CRYPTO_CMOCKA_H
#define TESTS_CRYPTO_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
