/* SPDX-License-Identifier: Apache-2.0 */
/* base: what every module stands on. No domain words in here. */
#ifndef INFRABACKUP_BASE_H
#define INFRABACKUP_BASE_H

#include "infrabackup/base/buffer.h"
#include "infrabackup/base/cancel.h"
#include "infrabackup/base/clock.h"
#include "infrabackup/base/error.h"
#include "infrabackup/base/file.h"
#include "infrabackup/base/json.h"
#include "infrabackup/base/log.h"
#include "infrabackup/base/owned.h"
#include "infrabackup/base/secret.h"
#include "infrabackup/base/text.h"
#include "infrabackup/base/thread.h"

#endif
