/* SPDX-License-Identifier: Apache-2.0 */
/* How people write a share: UNC, smb://, file:// or an absolute path. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "infrabackup/share.h"

static const char forms[] =
	"\\\\server\\share[\\folder...], smb://server[:port]/share[/folder...], "
	"/folder or file:///folder";

/* One parse under way; @text is what the user wrote, for messages. */
struct parse {
	const char *text;
	const char *field;
	struct share_address address;
	struct error *err;
};

static enum status refuse(const struct parse *parse, const char *reason)
{
	return fail_field(parse->err, parse->field, "\"%s\" is not a share: %s; allowed is %s",
			  parse->text, reason, forms);
}

static bool is_dots(const char *component, size_t length)
{
	return length <= 2 && strncmp(component, "..", length) == 0;
}

/* Components of @path, split at @separator, are appended to address.path. An empty one is good only
 * at the end, or anywhere when @empty_allowed. */
static enum status append_path(struct parse *parse, const char *path, char separator,
			       const char *refused, bool empty_allowed)
{
	char *out = parse->address.path;
	size_t used = strlen(out);

	while (*path != '\0') {
		const char *end = strchrnul(path, separator);
		size_t length = (size_t)(end - path);
		bool root = used == 1 && out[0] == '/';

		if (length == 0 && !empty_allowed)
			return refuse(parse, "it has an empty folder name");
		if (length > 0 && is_dots(path, length))
			return refuse(parse, "it has a \".\" or \"..\" folder");
		if (strcspn(path, refused) < length)
			return refuse(parse, "a folder name has a character that is not allowed");
		if (used + length + 2 > sizeof(parse->address.path))
			return refuse(parse, "the path is too long");
		if (length > 0) {
			if (used > 0 && !root)
				out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
			out[used] = '\0';
		}
		path = *end == '\0' ? end : end + 1;
	}
	return STATUS_OK;
}

static enum status set_server(struct parse *parse, const char *server, size_t length,
			      const char *allowed)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char *out = parse->address.server;

	if (length == 0)
		return refuse(parse, "it has no server name");
	if (length >= sizeof(parse->address.server))
		return refuse(parse, "the server name is too long");
	memcpy(out, server, length);
	out[length] = '\0';
	for (const char *at = out; *at != '\0'; at++)
		if (strchr(letters, *at) == NULL && strchr(allowed, *at) == NULL)
			return refuse(parse, "the server name has a character that is not allowed");
	if (strspn(out, ".") == length || out[0] == '-')
		return refuse(parse, "the server name is not a host name or address");
	return STATUS_OK;
}

static enum status set_share(struct parse *parse, const char *share, size_t length)
{
	if (length == 0)
		return refuse(parse, "it has no share name");
	if (length >= sizeof(parse->address.share))
		return refuse(parse, "the share name is too long");
	if (is_dots(share, length) || strcspn(share, "\\/:*?\"<>|[]+=;,") < length)
		return refuse(parse, "the share name has a character that is not allowed");
	memcpy(parse->address.share, share, length);
	parse->address.share[length] = '\0';
	return STATUS_OK;
}

/* "share/folder..." after the server, split at @separator. */
static enum status set_share_and_path(struct parse *parse, const char *rest, char separator)
{
	const char *end = strchrnul(rest, separator);
	enum status status = set_share(parse, rest, (size_t)(end - rest));

	if (status != STATUS_OK || *end == '\0')
		return status;
	return append_path(parse, end + 1, separator, "\\/:*?\"<>|", false);
}

static enum status parse_unc(struct parse *parse)
{
	const char *server = parse->text + 2;
	size_t length = strcspn(server, "\\");

	(void)snprintf(parse->address.scheme, sizeof(parse->address.scheme), "smb");
	enum status status = set_server(parse, server, length, "0123456789.-_");
	if (status != STATUS_OK)
		return status;
	if (server[length] == '\0')
		return refuse(parse, "it has no share name");
	return set_share_and_path(parse, server + length + 1, '\\');
}

/* Undoes %-encoding; what it hides must not be a separator or a control character. */
static enum status decode(const struct parse *parse, const char *text, char *out)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '?' || byte == '#')
			return refuse(parse, "it has a query or a fragment");
		if (byte == '%') {
			char digits[3] = { text[1], text[1] == '\0' ? '\0' : text[2], '\0' };

			if (!hex_decode(digits, &byte, 1) || strchr("/\\", byte) != NULL)
				return refuse(parse, "it has a bad %-encoding");
			text += 2;
		}
		*out++ = (char)byte;
	}
	*out = '\0';
	return STATUS_OK;
}

static enum status parse_port(struct parse *parse, const char *text, size_t length)
{
	unsigned port = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || port > 65535)
			return refuse(parse, "the port is not between 1 and 65535");
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port < 1 || port > 65535)
		return refuse(parse, "the port is not between 1 and 65535");
	parse->address.port = port;
	return STATUS_OK;
}

/* "server", "server:port", "[IPv6]" or "[IPv6]:port" of @length bytes. */
static enum status parse_authority(struct parse *parse, const char *text, size_t length)
{
	const char *end = text + length;
	const char *colon;
	enum status status;

	if (memchr(text, '@', length) != NULL)
		return refuse(parse, "the user is not part of it");
	if (length > 0 && *text == '[') {
		const char *close = memchr(text, ']', length);
		if (close == NULL || (close + 1 != end && close[1] != ':'))
			return refuse(parse, "the address in [] is not complete");
		colon = close + 1;
		status = set_server(parse, text + 1, (size_t)(close - text - 1), "0123456789.:");
	} else {
		colon = memchr(text, ':', length);
		if (colon == NULL)
			colon = end;
		status = set_server(parse, text, (size_t)(colon - text), "0123456789.-_");
	}
	if (status != STATUS_OK || colon == end)
		return status;
	return parse_port(parse, colon + 1, (size_t)(end - colon - 1));
}

static enum status parse_smb_url(struct parse *parse, const char *rest, char *decoded)
{
	size_t length = strcspn(rest, "/");

	(void)snprintf(parse->address.scheme, sizeof(parse->address.scheme), "smb");
	enum status status = parse_authority(parse, rest, length);
	if (status != STATUS_OK)
		return status;
	if (rest[length] == '\0')
		return refuse(parse, "it has no share name");
	status = decode(parse, rest + length + 1, decoded);
	if (status == STATUS_OK && !text_is_printable_utf8(decoded))
		status = refuse(parse, "it is not UTF-8 or has control characters");
	return status != STATUS_OK ? status : set_share_and_path(parse, decoded, '/');
}

static enum status parse_path(struct parse *parse, const char *path)
{
	(void)snprintf(parse->address.scheme, sizeof(parse->address.scheme), "file");
	(void)snprintf(parse->address.path, sizeof(parse->address.path), "/");
	if (path[0] != '/')
		return refuse(parse, "it is not an absolute path");
	if (path[1] == '/')
		return refuse(parse, "it begins with \"//\"");
	return append_path(parse, path + 1, '/', "", true);
}

static enum status parse_file_url(struct parse *parse, const char *rest, char *decoded)
{
	static const char local[] = "localhost/";

	if (text_starts_with(rest, local))
		rest += sizeof(local) - 2;
	if (rest[0] != '/')
		return refuse(parse, "a file:// address has no server");
	enum status status = decode(parse, rest, decoded);
	if (status == STATUS_OK && !text_is_printable_utf8(decoded))
		status = refuse(parse, "it is not UTF-8 or has control characters");
	return status != STATUS_OK ? status : parse_path(parse, decoded);
}

enum status share_address_parse(const char *text, const char *field, struct share_address *out,
				struct error *err)
{
	struct parse parse = { .text = text, .field = field, .err = err };
	enum status status;

	if (text == NULL || *text == '\0')
		return fail_field(err, field, "the share is empty; allowed is %s", forms);
	if (!text_is_printable_utf8(text))
		return fail_field(err, field,
				  "the share is not UTF-8 or has control characters; allowed is %s",
				  forms);

	AUTO_FREE char *decoded = malloc(strlen(text) + 1);
	if (decoded == NULL)
		return fail_memory(err, "parse share address");
	if (text_starts_with(text, "\\\\"))
		status = parse_unc(&parse);
	else if (strncasecmp(text, "smb://", 6) == 0)
		status = parse_smb_url(&parse, text + 6, decoded);
	else if (strncasecmp(text, "file://", 7) == 0)
		status = parse_file_url(&parse, text + 7, decoded);
	else
		status = parse_path(&parse, text);
	if (status == STATUS_OK)
		*out = parse.address;
	return status;
}
