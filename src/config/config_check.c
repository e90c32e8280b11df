/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of single values of the configuration. */
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

static bool is_letter_or_digit(char character)
{
	return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
	       (character >= 'a' && character <= 'z');
}

/* How many of the first characters are letters, digits or in @others. */
static size_t span_word(const char *text, const char *others)
{
	size_t length = 0;

	while (text[length] != '\0' &&
	       (is_letter_or_digit(text[length]) || strchr(others, text[length]) != NULL))
		length++;
	return length;
}

enum status config_check_path(const char *field, const char *text, struct error *err)
{
	if (text == NULL)
		return STATUS_OK;
	if (text[0] != '/' || strlen(text) > CONFIG_PATH_LENGTH_MAX ||
	    !text_is_printable_utf8(text))
		return fail_field(err, field,
				  "found \"%.80s\", allowed is an absolute path of at most %d "
				  "bytes without control characters",
				  text, CONFIG_PATH_LENGTH_MAX);
	return STATUS_OK;
}

enum status config_check_guid(const char *field, const char *text, struct error *err)
{
	if (text == NULL || guid_is_valid(text))
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed is a GUID of 8-4-4-4-12 hexadecimal digits",
			  text);
}

enum status config_check_word(const char *field, const char *text, size_t length_max,
			      const char *others, struct error *err)
{
	if (text == NULL)
		return STATUS_OK;
	size_t length = strlen(text);
	if (length >= 1 && length <= length_max && span_word(text, others) == length)
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed are 1 to %zu characters of A-Z a-z 0-9 %s",
			  text, length_max, others);
}

enum status config_check_domain(const char *field, const char *text, struct error *err)
{
	bool good = text == NULL || strlen(text) <= 253;

	for (const char *label = text; good && label != NULL;) {
		size_t length = span_word(label, "-");

		good = length >= 1 && length <= 63 &&
		       (label[length] == '.' || label[length] == '\0');
		label = label[length] == '.' ? label + length + 1 : NULL;
	}
	if (good)
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed is a DNS name of at most 253 characters, each "
			  "label 1 to 63 of A-Z a-z 0-9 -",
			  text);
}

enum status config_check_version(const char *field, const char *text, struct error *err)
{
	size_t numbers = 0;
	bool good = text != NULL;

	for (const char *at = text; good && at != NULL; numbers++) {
		size_t digits = strspn(at, "0123456789");

		good = digits >= 1 && digits <= 9 && (at[digits] == '.' || at[digits] == '\0');
		at = at[digits] == '.' ? at + digits + 1 : NULL;
	}
	if (text == NULL || (good && numbers >= 2 && numbers <= 4))
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed are two to four numbers with dots between "
			  "them, such as 1.2311.1.22",
			  text);
}

enum status config_check_url(const char *field, const char *text, struct error *err)
{
	if (text == NULL)
		return STATUS_OK;
	const char *host = text_starts_with(text, "https://")  ? text + 8
			   : text_starts_with(text, "http://") ? text + 7
							       : "";
	size_t host_length = span_word(host, ".-:[]");
	size_t length = host_length + span_word(host + host_length, "/._~%-");

	if (host_length > 0 && host[length] == '\0' && strlen(text) <= 1024)
		return STATUS_OK;
	/* What is before an @ may be a password, which no message repeats. */
	bool has_user = strchr(text, '@') != NULL;
	return fail_field(err, field,
			  "found %s%.80s%s, allowed is http:// or https://, a host, a port and a "
			  "path, without user, query and fragment",
			  has_user ? "" : "\"", has_user ? "a URL with a user" : text,
			  has_user ? "" : "\"");
}

enum status config_check_pattern(const char *field, const char *text, struct error *err)
{
	if (text == NULL || (text[0] != '\0' && text_is_printable_utf8(text)))
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed is a pattern that is not empty and has no "
			  "control characters",
			  text);
}
