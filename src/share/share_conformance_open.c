/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the share: server, protection, logon, share, and a second connection. */
#include <string.h>

#include "share_conformance_private.h"

static bool is_on_server(const struct conformance *run)
{
	return strcmp(run->options.address->scheme, "smb") == 0;
}

/* Opening reached @stage, or this is where it failed. */
static enum status reach(const struct conformance *run, enum share_stage stage, struct error *err)
{
	if (run->opened == STATUS_OK || run->reached >= stage)
		return STATUS_OK;
	*err = run->open_error;
	return run->opened;
}

/* The one attempt to open the share: a refused logon is not repeated. */
enum status conformance_connect(struct conformance *run, struct share_check *check,
				struct error *err)
{
	struct share_options options = run->options;

	options.reached = &run->reached;
	run->opened = share_open(run->settings->shares, &options, &run->first, &run->open_error);
	if (!is_on_server(run))
		return conformance_skip(check, "the share is a folder of this machine");
	enum status status = reach(run, SHARE_STAGE_CONNECTED, err);
	return status != STATUS_OK
		       ? status
		       : conformance_pass(check, "%s answers", run->options.address->server);
}

enum status conformance_dialect(struct conformance *run, struct share_check *check,
				struct error *err)
{
	if (!is_on_server(run))
		return conformance_skip(check, "the share is a folder of this machine");
	enum status status = reach(run, SHARE_STAGE_DIALECT, err);
	return status != STATUS_OK ? status : conformance_pass(check, "SMB 3.1.1");
}

enum status conformance_encryption(struct conformance *run, struct share_check *check,
				   struct error *err)
{
	const struct share_transport *transport = &run->report->transport;

	if (!is_on_server(run))
		return conformance_skip(check, "the share is a folder of this machine");
	enum status status = reach(run, SHARE_STAGE_PROTECTED, err);
	if (status != STATUS_OK)
		return status;
	if (run->first != NULL &&
	    (status = share_describe(run->first, &run->report->transport, err)) != STATUS_OK)
		return status;
	if (run->first == NULL)
		return conformance_pass(check, "the server offers what is required");
	if (!transport->is_encrypted)
		return conformance_warn(check, "the connection is signed, but not encrypted");
	return conformance_pass(check, "%s", transport->cipher);
}

enum status conformance_logon(struct conformance *run, struct share_check *check, struct error *err)
{
	if (!is_on_server(run))
		return conformance_skip(check, "nobody logs on to a folder of this machine");
	enum status status = reach(run, SHARE_STAGE_LOGGED_ON, err);
	return status != STATUS_OK ? status : conformance_pass(check, "%s", run->options.user_name);
}

enum status conformance_share(struct conformance *run, struct share_check *check, struct error *err)
{
	const struct share_address *address = run->options.address;
	enum status status = reach(run, SHARE_STAGE_OPEN, err);

	if (status != STATUS_OK)
		return status;
	if (!is_on_server(run))
		return conformance_pass(check, "%s", address->path);
	return conformance_pass(check, "\\\\%s\\%s%s%s", address->server, address->share,
				address->path[0] == '\0' ? "" : ", folder ", address->path);
}

enum status conformance_signing(struct conformance *run, struct share_check *check,
				struct error *err)
{
	const struct share_transport *transport = &run->report->transport;

	(void)err;
	if (!is_on_server(run))
		return conformance_skip(check, "the share is a folder of this machine");
	return conformance_pass(check, "%s%s", transport->signing,
				transport->is_encrypted ? ", within the encryption" : "");
}

/* A standalone server knows nothing but NTLM; who has a realm meant to use Kerberos. */
enum status conformance_authentication(struct conformance *run, struct share_check *check,
				       struct error *err)
{
	const char *name = run->report->transport.authentication;

	(void)err;
	if (!is_on_server(run))
		return conformance_skip(check, "nobody logs on to a folder of this machine");
	if (strcmp(name, "Kerberos") != 0 && strchr(run->options.user_name, '@') != NULL)
		return conformance_warn(check, "%s, although the user has a realm", name);
	return conformance_pass(check, "%s", name);
}

enum status conformance_storage(struct conformance *run, struct share_check *check,
				struct error *err)
{
	struct share_transport *transport = &run->report->transport;

	if (is_on_server(run))
		return conformance_skip(check, "the server's own affair");
	enum status status = share_describe(run->first, transport, err);
	if (status == STATUS_UNSUPPORTED)
		return conformance_skip(check, "this kind of share does not tell");
	if (status != STATUS_OK)
		return status;
	if (transport->storage == SHARE_STORAGE_MEMORY)
		return conformance_warn(check, "%s, in memory: nothing survives a restart",
					transport->protocol);
	return conformance_pass(check, "%s, %s", transport->protocol,
				transport->storage == SHARE_STORAGE_MOUNT ? "mounted"
									  : "of this machine");
}

enum status conformance_second(struct conformance *run, struct share_check *check,
			       struct error *err)
{
	enum status status = share_open(run->settings->shares, &run->options, &run->second, err);

	return status != STATUS_OK ? status : conformance_pass(check, "both are open");
}
