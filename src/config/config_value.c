/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the configuration that become something else than their text. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

const char *config_keep_text(struct config *config, const char *text, size_t length)
{
	json_t *kept = json_stringn(text, length);

	if (kept == NULL || json_array_append_new(config->json, kept) != 0)
		return NULL;
	return json_string_value(kept);
}

/* Up to five decimal digits and nothing else, at most @max; -1 otherwise. */
static long parse_number(const char *text, long max)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 5 || text[digits] != '\0')
		return -1;
	long number = strtol(text, NULL, 10);
	return number <= max ? number : -1;
}

/* Copies what is before the port's colon, without brackets; false when it is no address. */
static bool copy_address(const char *text, const char *colon, char address[INET6_ADDRSTRLEN])
{
	bool bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	const char *from = bracketed ? text + 1 : text;
	size_t length = (size_t)(colon - from) - (bracketed ? 1 : 0);
	unsigned char binary[sizeof(struct in6_addr)];

	if (length >= INET6_ADDRSTRLEN)
		return false;
	memcpy(address, from, length);
	address[length] = '\0';
	return inet_pton(bracketed ? AF_INET6 : AF_INET, address, binary) == 1;
}

enum status config_parse_listen(const char *field, const char *text, struct config *config,
				struct error *err)
{
	const char *colon = strrchr(text, ':');
	long port = colon == NULL ? -1 : parse_number(colon + 1, 65535);
	char address[INET6_ADDRSTRLEN];

	if (port < 0 || !copy_address(text, colon, address))
		return fail_field(err, field,
				  "found \"%.80s\", allowed is an address and a port (0 to 65535) "
				  "such as 127.0.0.1:8443 or [::1]:8443",
				  text);
	config->http.listen_address = config_keep_text(config, address, strlen(address));
	config->http.listen_port = (unsigned)port;
	return config->http.listen_address == NULL ? fail_memory(err, "read configuration")
						   : STATUS_OK;
}

enum status config_parse_compression(const char *field, const char *text, struct config *config,
				     struct error *err)
{
	static const struct {
		const char *prefix;
		enum config_codec codec;
		long level_max;
	} codecs[] = {
		{ "zlib:", CONFIG_CODEC_ZLIB, 9 },
		{ "zstd:", CONFIG_CODEC_ZSTD, 19 },
	};

	if (strcmp(text, "none") == 0) {
		config->engine.codec = CONFIG_CODEC_NONE;
		config->engine.compression_level = 0;
		return STATUS_OK;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(codecs); i++) {
		if (!text_starts_with(text, codecs[i].prefix))
			continue;
		const char *digits = text + strlen(codecs[i].prefix);
		long level = digits[0] == '0' ? -1 : parse_number(digits, codecs[i].level_max);
		if (level < 1)
			break;
		config->engine.codec = codecs[i].codec;
		config->engine.compression_level = (int)level;
		return STATUS_OK;
	}
	return fail_field(err, field,
			  "found \"%.80s\", allowed are none, zlib:1 to zlib:9, zstd:1 to zstd:19",
			  text);
}

static enum status read_item(const json_t *item, const char *field,
			     enum status (*check)(const char *, const char *, struct error *),
			     struct error *err)
{
	if (!json_is_string(item))
		return fail_field(err, field,
				  "found something that is not a string, allowed is a string");
	if (json_string_length(item) > CONFIG_PATH_LENGTH_MAX)
		return fail_field(err, field,
				  "found a text of %zu bytes, allowed are at most %d bytes",
				  json_string_length(item), CONFIG_PATH_LENGTH_MAX);
	return check == NULL ? STATUS_OK : check(field, json_string_value(item), err);
}

enum status config_read_list(const json_t *array, const char *field, size_t count_max,
			     enum status (*check)(const char *field, const char *text,
						  struct error *err),
			     const char *const **out, struct error *err)
{
	size_t count = json_array_size(array);

	if (array == NULL)
		return STATUS_OK;
	if (count > count_max)
		return fail_field(err, field, "found %zu items, allowed are at most %zu items",
				  count, count_max);
	AUTO_FREE const char **list = calloc(count + 1, sizeof(*list));
	if (list == NULL)
		return fail_memory(err, "read configuration");
	for (size_t i = 0; i < count; i++) {
		char item_field[CONFIG_FIELD_MAX];
		const json_t *item = json_array_get(array, i);

		(void)snprintf(item_field, sizeof(item_field), "%.72s[%zu]", field, i);
		enum status status = read_item(item, item_field, check, err);
		if (status != STATUS_OK)
			return status;
		list[i] = json_string_value(item);
	}
	*out = TAKE(list);
	return STATUS_OK;
}

void config_free_list(const char *const *list)
{
	/* The lists are arrays of ours whose constness is for the users of the configuration. */
	free((void *)(uintptr_t)list);
}
