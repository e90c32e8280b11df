/* SPDX-License-Identifier: Apache-2.0 */
/* A domain controller for one test program. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake/private_network.h"
#include "fake/run_program.h"

#include "domain_private.h"

#define PATIENCE 1200 /* times 50 ms */

static bool is_serving(uint16_t port)
{
	AUTO_CLOSE descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	(void)inet_pton(AF_INET, DOMAIN_ADDRESS, &address.sin_addr);
	return connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static void run_domain(const struct domain_private *domain, const char *encrypt)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A server that is talked to by a sanitized program is not one itself. */
	(void)unsetenv("LD_PRELOAD");
	(void)execlp("sh", "sh", "tests/fake/domain_private.sh", domain->folder, encrypt,
		     (char *)NULL);
	_exit(127);
}

bool domain_private_start(struct domain_private *domain, const char *encrypt)
{
	const char *base = getenv("TMPDIR");

	*domain = (struct domain_private) { .pid = 0 };
	(void)snprintf(domain->folder, sizeof(domain->folder), "%s/domain-XXXXXX",
		       base == NULL ? "/tmp" : base);
	if (mkdtemp(domain->folder) == NULL || chmod(domain->folder, 0755) != 0)
		return false;
	domain->pid = fork();
	if (domain->pid == 0)
		run_domain(domain, encrypt);
	for (unsigned i = 0; i < PATIENCE && domain->pid > 0; i++) {
		if (is_serving(53) && is_serving(88) && is_serving(389) && is_serving(445) &&
		    access("/run/samba/winbindd/pipe", F_OK) == 0)
			return true;
		if (waitpid(domain->pid, NULL, WNOHANG) == domain->pid)
			domain->pid = 0;
		(void)poll(NULL, 0, 50);
	}
	(void)fprintf(stderr, "domain_private: no domain controller\n");
	return false;
}

void domain_private_stop(struct domain_private *domain)
{
	char small[sizeof(domain->folder) + 16];

	if (domain->pid > 0) {
		(void)kill(domain->pid, SIGKILL);
		(void)waitpid(domain->pid, NULL, 0);
	}
	(void)snprintf(small, sizeof(small), "%s/small", domain->folder);
	(void)umount2("/etc", MNT_DETACH);
	(void)umount2("/run/samba", MNT_DETACH);
	(void)umount2(small, MNT_DETACH);
	(void)umount2(domain->folder, MNT_DETACH);
	status_ignore(file_remove_tree(domain->folder, NULL));
}

/* --- what it knows and does --- */

static void stop_test(const char *what)
{
	(void)fprintf(stderr, "domain_private: %s failed\n", what);
	_exit(1);
}

/* With what it printed in @output, if that is not NULL. */
static void run(const char *const arguments[], struct buffer *output)
{
	char *changeable[8] = { NULL };

	for (size_t i = 0; arguments[i] != NULL; i++)
		changeable[i] = (char *)(uintptr_t)arguments[i];
	if (run_program(".", changeable, output) != 0)
		stop_test(arguments[0]);
}

int domain_private_account(const struct domain_private *domain, const char *action,
			   const char *user)
{
	const char *const arguments[] = { "/usr/bin/python3",
					  "tests/fake/domain_accounts.py",
					  domain->folder,
					  action,
					  user,
					  NULL };
	struct buffer output;

	buffer_init(&output, 0);
	run(arguments, &output);
	int answer = (int)strtol((const char *)output.data, NULL, 10);
	buffer_done(&output);
	return answer;
}

unsigned domain_private_logons(const struct domain_private *domain, const char *mechanism)
{
	char path[sizeof(domain->folder) + 16];
	char wanted[64];
	char line[2048];
	unsigned count = 0;

	(void)snprintf(path, sizeof(path), "%s/log/domain", domain->folder);
	(void)snprintf(wanted, sizeof(wanted), "Successful AuthZ: [SMB2,%s]", mechanism);
	FILE *log = fopen(path, "re");
	if (log == NULL)
		stop_test("reading its log");
	while (log != NULL && fgets(line, sizeof(line), log) != NULL)
		count += strstr(line, wanted) != NULL;
	if (log != NULL)
		(void)fclose(log);
	return count;
}

void domain_private_block_kdc(const char *how)
{
	private_network_block("tcp dport 88",
			      strcmp(how, "reject") == 0 ? "reject with tcp reset" : how);
	private_network_block("udp dport 88", how);
}

void domain_private_signal(const struct domain_private *domain, int signal)
{
	char shell[256];
	const char *const arguments[] = { "sh", "-c", shell, NULL };

	/* Those whose parents lead up to the domain. */
	(void)snprintf(shell, sizeof(shell),
		       "below() { for p in $(pgrep -P $1); do echo $p; below $p; done; }; "
		       "for p in $(below %ld); do "
		       "[ \"$(cat /proc/$p/comm)\" != smbd ] || kill -%d $p; done",
		       (long)domain->pid, signal);
	run(arguments, NULL);
}

void domain_private_options(struct smbd_private_options *options, const char *server,
			    const char *user)
{
	const struct smbd_private none = { .port = 445 };

	smbd_private_options(options, &none, "data", "");
	(void)snprintf(options->address.server, sizeof(options->address.server), "%s", server);
	options->options.user_name = user;
}
