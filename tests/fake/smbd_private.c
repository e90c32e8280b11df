/* SPDX-License-Identifier: Apache-2.0 */
/* A Samba server on loopback for one test program. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "smbd_private.h"

#define PATIENCE 400 /* times 50 ms */

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in) { .sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static unsigned free_port(void)
{
	AUTO_CLOSE descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);

	if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
		return 0;
	return ntohs(address.sin_port);
}

static bool is_listening(unsigned port)
{
	AUTO_CLOSE descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = loopback(port);

	return descriptor >= 0 &&
	       connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Ends with the test program, even if that is killed. */
static void run_server(const struct smbd_private *server,
		       const struct smbd_private_settings *settings)
{
	char port[16];

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)snprintf(port, sizeof(port), "%u", server->port);
	/* A server that is talked to by a sanitized program is not one itself. */
	(void)unsetenv("LD_PRELOAD");
	(void)setenv("SMBD_OPTIONS", settings->options == NULL ? "" : settings->options, 1);
	(void)execlp("sh", "sh", "tests/fake/smbd_private.sh", server->folder, port,
		     settings->encrypt, (char *)NULL);
	_exit(127);
}

static bool launch(struct smbd_private *server, const struct smbd_private_settings *settings)
{
	server->pid = fork();
	if (server->pid == 0)
		run_server(server, settings);
	if (server->pid < 0) {
		server->pid = 0;
		return false;
	}
	(void)setpgid(server->pid, server->pid);
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (is_listening(server->port))
			return true;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
			server->pid = 0;
			break;
		}
		(void)poll(NULL, 0, 50);
	}
	(void)fprintf(stderr, "smbd_private: no server on port %u\n", server->port);
	return false;
}

bool smbd_private_start_with(struct smbd_private *server,
			     const struct smbd_private_settings *settings)
{
	const char *base = getenv("TMPDIR");

	*server = (struct smbd_private) { .pid = 0 };
	(void)snprintf(server->folder, sizeof(server->folder), "%s/smbd-XXXXXX",
		       base == NULL ? "/tmp" : base);
	if (mkdtemp(server->folder) == NULL || chmod(server->folder, 0755) != 0)
		return false;
	server->port = settings->port != 0 ? settings->port : free_port();
	return launch(server, settings);
}

bool smbd_private_start(struct smbd_private *server, const char *encrypt)
{
	return smbd_private_start_with(server,
				       &(struct smbd_private_settings) { .encrypt = encrypt });
}

void smbd_private_signal(const struct smbd_private *server, int number)
{
	if (server->pid > 0)
		(void)kill(-server->pid, number);
}

static void end(struct smbd_private *server)
{
	smbd_private_signal(server, SIGKILL);
	if (server->pid > 0)
		(void)waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

bool smbd_private_restart(struct smbd_private *server, const char *encrypt)
{
	end(server);
	return launch(server, &(struct smbd_private_settings) { .encrypt = encrypt });
}

void smbd_private_stop(struct smbd_private *server)
{
	end(server);
	status_ignore(file_remove_tree(server->folder, NULL));
}

unsigned smbd_private_bad_logons(const struct smbd_private *server)
{
	char path[sizeof(server->folder) + 16];
	char line[1024];
	unsigned count = 0;

	(void)snprintf(path, sizeof(path), "%s/log.smbd", server->folder);
	FILE *log = fopen(path, "re");
	if (log == NULL)
		return 0;
	while (fgets(line, sizeof(line), log) != NULL)
		if (strstr(line, "Auth: [SMB2") != NULL && strstr(line, "NT_STATUS_OK") == NULL)
			count++;
	(void)fclose(log);
	return count;
}

void smbd_private_options(struct smbd_private_options *options, const struct smbd_private *server,
			  const char *share, const char *path)
{
	*options = (struct smbd_private_options) {
		.address = { .scheme = "smb", .server = "127.0.0.1", .port = server->port },
		.options = { .user_name = SMBD_USER, .deadline = 60L * 1000 },
	};
	(void)snprintf(options->address.share, sizeof(options->address.share), "%s", share);
	(void)snprintf(options->address.path, sizeof(options->address.path), "%s", path);
	status_ignore(secret_copy(&options->password, SMBD_PASSWORD, strlen(SMBD_PASSWORD), NULL));
	options->options.address = &options->address;
	options->options.password = &options->password;
}

void smbd_private_options_done(struct smbd_private_options *options)
{
	secret_free(&options->password);
}
