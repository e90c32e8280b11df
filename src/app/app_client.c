/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to the running service for the commands that are its clients. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define API_VERSION "api-version=2018-09-01"
#define HEALTH_VERSION "api-version=2016-05-01"
#define CALL_TIMEOUT 30000

/* Where a service that listens everywhere can be reached from its own machine. */
static const char *reachable_address(const char *listen)
{
	if (strcmp(listen, "0.0.0.0") == 0)
		return "127.0.0.1";
	if (strcmp(listen, "::") == 0)
		return "::1";
	return listen;
}

static enum status config_url(const struct config *config, char url[256], struct error *err)
{
	const char *address = reachable_address(config->http.listen_address);
	bool is_ipv6 = strchr(address, ':') != NULL;
	if (config->http.listen_port == 0)
		return fail_field(err, "--url",
				  "missing; the configuration lets the system choose the port, so "
				  "the service's address must be given");
	(void)snprintf(url, 256, "%s://%s%s%s:%u",
		       config->http.certificate_file != NULL ? "https" : "http", is_ipv6 ? "[" : "",
		       address, is_ipv6 ? "]" : "", config->http.listen_port);
	return STATUS_OK;
}

struct address {
	const char *url;
	const char *ca_file;
	char from_config[256];
};

static enum status find_address(const struct app_call *call, const struct config *config,
				struct address *out, struct error *err)
{
	out->ca_file = call->arguments.ca_file;
	out->url = call->arguments.url;
	if (out->url == NULL)
		out->url = getenv(ENVIRONMENT_URL);
	/* The server's own certificate is as good a witness as who signed it. */
	if (out->ca_file == NULL && config != NULL)
		out->ca_file = config->http.certificate_file;
	if (out->url != NULL)
		return STATUS_OK;
	if (config == NULL)
		return fail_field(err, "--url",
				  "missing; allowed are this option, the environment "
				  "variable " ENVIRONMENT_URL " or --config");
	out->url = out->from_config;
	return config_url(config, out->from_config, err);
}

static enum status find_scope(const struct app_call *call, struct app_client *out,
			      struct error *err)
{
	const struct config *config = out->config;
	const char *subscription = call->arguments.subscription;
	const char *location = call->arguments.location;
	if (subscription == NULL && config != NULL)
		subscription = config->deployment.subscription_id;
	if (location == NULL && config != NULL)
		location = config->deployment.location;
	if (subscription == NULL)
		return fail_field(err, "--subscription", "missing, and needed without --config");
	if (!guid_is_valid(subscription))
		return fail_field(err, "--subscription", "found '%.64s', allowed is a GUID",
				  subscription);
	if (location == NULL)
		return fail_field(err, "--location", "missing, and needed without --config");
	if (strlen(location) >= sizeof out->region || strpbrk(location, "/?#%\\ ") != NULL)
		return fail_field(err, "--location", "found '%.64s', allowed is a region's name",
				  location);
	(void)snprintf(out->region, sizeof out->region, "%s", location);
	(void)snprintf(out->base, sizeof out->base,
		       "/subscriptions/%s/resourceGroups/system.%s/providers/"
		       "Microsoft.Backup.Admin/backupLocations/%s",
		       subscription, location, location);
	(void)snprintf(out->health, sizeof out->health,
		       "/subscriptions/%s/resourceGroups/System.%s/providers/"
		       "Microsoft.InfrastructureInsights.Admin/regionHealths/%s",
		       subscription, location, location);
	return STATUS_OK;
}

static enum status connect_client(const struct app_call *call, struct app_client *out,
				  struct error *err)
{
	AUTO_SECRET token = SECRET_EMPTY;
	struct address address = { 0 };
	const struct app_secret_source source = {
		.file = call->arguments.token_file,
		.file_option = "--token-file",
		.environment = ENVIRONMENT_TOKEN,
		.prompt = "API token",
	};
	enum status status = find_address(call, out->config, &address, err);
	if (status == STATUS_OK)
		status = find_scope(call, out, err);
	if (status == STATUS_OK)
		status = app_secret_get(&source, &token, err);
	if (status == STATUS_OK) {
		const struct client_settings settings = {
			.url = address.url,
			.token = &token,
			.ca_file = address.ca_file,
			.timeout = CALL_TIMEOUT,
		};
		status = client_new(&settings, &out->client, err);
	}
	return status;
}

enum status app_client_open(const struct app_call *call, struct app_client *out, struct error *err)
{
	enum status status = STATUS_OK;
	*out = (struct app_client) { 0 };
	if (call->arguments.config != NULL)
		status = config_load(call->arguments.config, &out->config, err);
	if (status == STATUS_OK)
		status = connect_client(call, out, err);
	if (status != STATUS_OK)
		app_client_close(out);
	return status;
}

void app_client_close(struct app_client *client)
{
	client_free(client->client);
	config_free(client->config);
	*client = (struct app_client) { 0 };
}

static void take_target(const struct client_answer *answer, struct error *err)
{
	const json_t *error = json_object_get(answer->body, "error");
	const char *target = json_string_value(json_object_get(error, "target"));
	if (target != NULL && err != NULL)
		(void)snprintf(err->field, sizeof err->field, "%s", target);
}

/* @path: relative to the server, without api-version. */
static enum status call_server(struct app_client *client, const char *method, const char *path,
			       const char *version, const json_t *body, struct client_answer *out,
			       struct error *err)
{
	struct client_answer answer = { 0 };
	char target[1024];
	(void)snprintf(target, sizeof target, "%s%c%s", path, strchr(path, '?') == NULL ? '?' : '&',
		       version);
	enum status status = client_call(client->client, method, target, body, &answer, err);
	if (status != STATUS_OK)
		take_target(&answer, err);
	if (status == STATUS_OK && out != NULL)
		*out = answer;
	else
		client_answer_done(&answer);
	return status;
}

enum status app_client_call(struct app_client *client, const char *method, const char *path,
			    const json_t *body, struct client_answer *out, struct error *err)
{
	char whole[960];
	(void)snprintf(whole, sizeof whole, "%s%s", client->base, path);
	return call_server(client, method, whole, API_VERSION, body, out, err);
}

enum status app_client_call_health(struct app_client *client, const char *method, const char *path,
				   const json_t *body, struct client_answer *out, struct error *err)
{
	char whole[960];
	(void)snprintf(whole, sizeof whole, "%s%s", client->health, path);
	return call_server(client, method, whole, HEALTH_VERSION, body, out, err);
}

enum status app_check_id(const char *option, const char *id, const char *what, const char *command,
			 struct error *err)
{
	if (guid_is_valid(id))
		return STATUS_OK;
	return fail_field(err, option,
			  "found '%.64s', allowed is the id of %s (a GUID): `infrabackup %s` shows "
			  "them",
			  id, what, command);
}

enum status app_client_report(struct app_client *client, const char *id, json_t **out,
			      struct error *err)
{
	struct client_answer answer = { 0 };
	char target[1024];
	(void)snprintf(target, sizeof target, "%s/operationResults/%s?" API_VERSION, client->base,
		       id);
	enum status status = client_call(client->client, "GET", target, NULL, &answer, err);
	json_t *report = answer.body;
	if (status != STATUS_OK) {
		const json_t *error = json_object_get(answer.body, "error");
		const json_t *first = json_array_get(json_object_get(error, "additionalInfo"), 0);
		report = json_object_get(first, "info");
	}
	if (json_is_object(report)) {
		*out = json_incref(report);
		status = STATUS_OK;
	} else if (status == STATUS_OK) {
		status = fail(err, STATUS_FAILED, "call the service", NULL,
			      "operation %s left no report", id);
	}
	client_answer_done(&answer);
	return status;
}

enum status app_client_operation(const struct client_answer *answer, char id[GUID_TEXT_SIZE],
				 struct error *err)
{
	size_t length = strcspn(answer->location, "?");
	const char *end = answer->location + length;
	if (length > GUID_TEXT_SIZE) {
		(void)snprintf(id, GUID_TEXT_SIZE, "%s", end - (GUID_TEXT_SIZE - 1));
		if (guid_is_valid(id))
			return STATUS_OK;
	}
	return fail(err, STATUS_FAILED, "call the service", NULL,
		    "the service accepted the request but named no operation");
}

enum status app_client_begin(struct app_client *client, const char *method, const char *path,
			     const json_t *body, char id[GUID_TEXT_SIZE], struct error *err)
{
	struct client_answer answer = { 0 };
	enum status status = app_client_call(client, method, path, body, &answer, err);
	if (status == STATUS_OK)
		status = app_client_operation(&answer, id, err);
	client_answer_done(&answer);
	return status;
}
