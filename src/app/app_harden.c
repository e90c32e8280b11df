/* SPDX-License-Identifier: Apache-2.0 */
/* What the process denies itself and others, set once at the start. */
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "infrabackup/share.h"

#include "app_private.h"

/* None of these may stop a recovery: a system that refuses them is as safe as it was. */
void app_harden(void)
{
	const struct rlimit no_core = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	share_smb_clear_environment();
}

void app_harden_memory(void)
{
	(void)mallopt(M_ARENA_MAX, 2);
}

void app_harden_end(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
