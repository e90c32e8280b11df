/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup alerts, infrabackup alerts close */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define NEWEST_FIRST "/alerts?%24orderby=Properties%2FCreatedTimestamp%20desc"
#define ONLY_OPEN "&%24filter=Properties%2FState%20eq%20%27Active%27"
#define INDENT 9
#define WIDTH 100

/* Evidence may be a file's name with anything in it. */
static void print_word(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		(void)putchar(iscntrl((unsigned char)word[i]) ? '?' : word[i]);
}

/* "found    ..." in lines of at most WIDTH columns. */
static void print_paragraph(const char *label, const char *text)
{
	size_t column = INDENT;
	(void)printf("  %-*s", INDENT, label);
	for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		bool is_first = at == text + strspn(text, " ");
		if (!is_first && column + 1 + length > WIDTH) {
			(void)printf("\n  %*s", INDENT, "");
			column = INDENT;
		} else if (!is_first) {
			(void)putchar(' ');
			column++;
		}
		print_word(at, length);
		column += length;
		at += length;
	}
	(void)putchar('\n');
}

/* Every text token is a paragraph. */
static void print_tokens(const char *label, const json_t *tokens)
{
	const json_t *token;
	bool is_first = true;
	size_t i;
	json_array_foreach(tokens, i, token)
	{
		const char *text = json_string_value(json_object_get(token, "text"));
		if (text == NULL)
			continue;
		print_paragraph(is_first ? label : "", text);
		is_first = false;
	}
}

static void print_times(const json_t *alert)
{
	char text[256];
	const char *times = app_json_text(json_object_get(alert, "alertProperties"), "timesRaised");
	(void)snprintf(text, sizeof text, "%.40s, seen %.20s time%s",
		       app_json_text(alert, "createdTimestamp"), times,
		       strcmp(times, "1") == 0 ? "" : "s");
	print_paragraph("since", text);
	if (strcmp(app_json_text(alert, "state"), "Closed") != 0)
		return;
	const char *by = json_string_value(json_object_get(alert, "closedByUserAlias"));
	(void)snprintf(text, sizeof text, "%.40s by %.120s",
		       app_json_text(alert, "closedTimestamp"), by == NULL ? "itself" : by);
	print_paragraph("closed", text);
}

static void print_alert(const json_t *resource)
{
	const json_t *alert = json_object_get(resource, "properties");
	(void)printf("%s: %s\n", app_json_text(alert, "severity"), app_json_text(alert, "title"));
	print_paragraph("id", app_json_text(alert, "alertId"));
	print_times(alert);
	print_tokens("found", json_object_get(alert, "description"));
	print_tokens("to do", json_object_get(alert, "remediation"));
}

static void print_alerts(const json_t *alerts)
{
	const json_t *alert;
	size_t i;
	if (json_array_size(alerts) == 0)
		(void)printf("no alerts\n");
	json_array_foreach(alerts, i, alert)
	{
		if (i > 0)
			(void)putchar('\n');
		print_alert(alert);
	}
}

enum status app_alerts(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = app_client_call_health(&client, "GET",
					call->arguments.all ? NEWEST_FIRST : NEWEST_FIRST ONLY_OPEN,
					NULL, &answer, err);
	if (status == STATUS_OK) {
		json_t *alerts = json_object_get(answer.body, "value");
		if (call->arguments.json)
			call->json = json_pack("{s:O?}", "alerts", alerts);
		else
			print_alerts(alerts);
	}
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}

enum status app_alerts_close(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	char path[64];
	AUTO_JSON body = json_object();
	if (!guid_is_valid(call->arguments.operand))
		return fail_field(err, "ID", "found '%.64s', allowed is an alert's id, a GUID",
				  call->arguments.operand);
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(path, sizeof path, "/alerts/%s", call->arguments.operand);
	status = app_client_call_health(&client, "PUT", path, body, &answer, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_incref(answer.body);
	else if (status == STATUS_OK)
		print_alert(answer.body);
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}
