/* SPDX-License-Identifier: Apache-2.0 */
/* The query as a whole, $top, $skip and $skipToken. */
#include <stdint.h>
#include <string.h>

#include "api_private.h"

/* Leaves @out alone when the parameter was not sent. */
static enum status api_number_read(struct api_call *call, const char *name, size_t *out,
				   struct error *err)
{
	const char *text = http_request_query(call->request, name);

	if (text == NULL)
		return STATUS_OK;

	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return fail_field(
			err, name,
			"'%.32s' is not allowed for %s: a whole number from 0 to 999999999",
			text_is_printable_utf8(text) ? text : "?", name);
	*out = strtoul(text, NULL, 10);
	return STATUS_OK;
}

enum status api_page_read(struct api_call *call, const char *list, struct api_page *page,
			  struct error *err)
{
	struct api_page read = { .skip = 0, .top = SIZE_MAX };
	const char *token = http_request_query(call->request, "$skipToken");
	enum status status = api_number_read(call, "$top", &read.top, err);

	if (status == STATUS_OK)
		status = api_number_read(call, "$skip", &read.skip, err);
	if (status == STATUS_OK && token != NULL && read.skip > 0)
		return fail_field(err, "$skip",
				  "$skip and $skipToken contradict each other; send one of them");
	if (status == STATUS_OK && token != NULL) {
		status = api_page_token_read(call, list, token, &read.after, err);
		read.is_further = true;
	}
	if (status == STATUS_OK)
		*page = read;
	return status;
}

enum status api_contract_page_read(struct api_call *call, const char *list, struct api_page *page,
				   struct error *err)
{
	if (call->version >= API_2018_09_01)
		return api_page_read(call, list, page, err);
	*page = (struct api_page) { .skip = 0, .top = SIZE_MAX };
	return STATUS_OK;
}

enum status api_query_check(struct api_call *call, struct error *err)
{
	const char *doubled = http_request_query_doubled(call->request);

	if (doubled == NULL)
		return STATUS_OK;
	if (!text_is_printable_utf8(doubled))
		doubled = "?";
	return fail_field(err, doubled, "The query parameter '%.64s' was sent more than once",
			  doubled);
}
