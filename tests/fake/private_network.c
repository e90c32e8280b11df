/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, a private /etc, and nftables. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/run_program.h"

#include "private_network.h"

static bool complain(const char *what)
{
	perror(what);
	return false;
}

/* For domain_private.sh, which runs in no others than these. */
static bool remember_outer(void)
{
	char names[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < 2; i++) {
		ssize_t length = readlink(i == 0 ? "/proc/self/ns/net" : "/proc/self/ns/mnt",
					  names + used, sizeof(names) / 2 - 1);
		if (length <= 0)
			return false;
		used += (size_t)length;
		names[used++] = ' ';
	}
	return setenv("OUTER_NAMESPACES", names, 1) == 0;
}

bool private_network_enter(void)
{
	if (remember_outer() && unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return true;
	return complain("private_network: namespaces");
}

static bool run(const char *program, const char *const arguments[])
{
	char *changeable[8] = { (char *)(uintptr_t)program };

	for (size_t i = 0; arguments[i] != NULL; i++)
		changeable[i + 1] = (char *)(uintptr_t)arguments[i];
	return run_program(".", changeable, NULL) == 0;
}

static bool write_text(const char *path, const char *text)
{
	(void)unlink(path);
	FILE *file = fopen(path, "we");

	return file != NULL && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* Over the real one, on a file system that nobody else sees and whose place is free again at once.
 */
static bool cover_etc(void)
{
	const char *base = getenv("TMPDIR");
	char folder[256], upper[300], work[300], options[900];

	(void)snprintf(folder, sizeof(folder), "%s/network-XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(folder) == NULL)
		return false;
	(void)snprintf(upper, sizeof(upper), "%s/upper", folder);
	(void)snprintf(work, sizeof(work), "%s/work", folder);
	(void)snprintf(options, sizeof(options), "lowerdir=/etc,upperdir=%s,workdir=%s", upper,
		       work);
	bool done = mount("tmpfs", folder, "tmpfs", 0, "mode=0755") == 0 &&
		    mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0 &&
		    mount("overlay", "/etc", "overlay", 0, options) == 0;
	(void)umount2(folder, MNT_DETACH);
	(void)rmdir(folder);
	return done;
}

bool private_network_names(const char *hosts, const char *resolver)
{
	const char *const up[] = { "link", "set", "lo", "up", NULL };

	if (!run("ip", up) || !cover_etc())
		return complain("private_network: /etc");
	return write_text("/etc/hosts", hosts) && write_text("/etc/resolv.conf", resolver);
}

static void nft(const char *commands)
{
	const char *const arguments[] = { commands, NULL };

	if (!run("nft", arguments)) {
		(void)fprintf(stderr, "private_network: nft %s\n", commands);
		_exit(1);
	}
}

void private_network_block(const char *match, const char *how)
{
	char commands[512];

	(void)snprintf(commands, sizeof(commands),
		       "add table inet private; add chain inet private input "
		       "{ type filter hook input priority 0; }; "
		       "add rule inet private input %s %s",
		       match, how);
	nft(commands);
}

void private_network_unblock(void)
{
	nft("add table inet private; delete table inet private");
}
