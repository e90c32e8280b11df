/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup serve: starts the modules from below, stops them from above. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/api.h"

#include "app_private.h"

/* Jobs at once: a backup, and two verifications that may be waiting beside it. */
#define SERVE_JOBS 3
/* ms: answers under way may finish; the whole stop. */
#define SERVE_FINISH 3000
#define SERVE_GRACE 9500

struct serving {
	struct config *config;
	struct app_drivers drivers;
	struct cancel *cancel;
	struct app_signals *signals;
	struct backup_service *service;
	struct jobs_engine *engine;
	struct api *api;
	struct http_server *server;
};

static enum status start_signals(struct serving *serving, struct error *err)
{
	serving->cancel = cancel_new();
	if (serving->cancel == NULL)
		return fail_memory(err, "start service");
	return app_signals_start(serving->cancel, SERVE_GRACE, &serving->signals, err);
}

static enum status start_service(struct serving *serving, struct error *err)
{
	const struct backup_service_settings settings = {
		.config = serving->config,
		.shares = &serving->drivers.registry,
		.clock = &system_clock,
	};
	app_drivers_init(&serving->drivers, serving->config, NULL);
	return backup_service_open(&settings, &serving->service, err);
}

/* A start must not fail because of what a job would find: the fault is logged, and the next backup
 * looks again. */
static void check_history(struct serving *serving)
{
	struct error err;
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(serving->service);
	enum status status = db_pool_take(pool, &state, &err);
	if (status == STATUS_OK)
		status = backup_history_submit(serving->service, state, &err);
	if (status != STATUS_OK)
		log_error("check of the history not queued", &err);
	db_pool_give(pool, state);
}

/* Whoever can ask for alerts sees those that follow from how the last process ended. A fault is
 * logged, and the next look comes soon. */
static void review_alerts(const struct serving *serving)
{
	struct error err;
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(serving->service);
	enum status status = db_pool_take(pool, &state, &err);
	if (status == STATUS_OK)
		status = backup_review_alerts(serving->service, state, &err);
	if (status != STATUS_OK)
		log_error("alerts not reviewed", &err);
	db_pool_give(pool, state);
}

static enum status start_engine(struct serving *serving, struct error *err)
{
	struct jobs_settings settings = {
		.state = backup_service_state(serving->service),
		.clock = &system_clock,
		.workers = SERVE_JOBS,
		.ended = backup_job_ended,
		.ended_context = serving->service,
		.tick = backup_service_tick,
		.tick_context = serving->service,
	};
	settings.kinds = backup_service_kinds(serving->service, &settings.kind_count);
	enum status status = jobs_engine_start(&settings, &serving->engine, err);
	if (status != STATUS_OK)
		return status;
	/* Before the first look at the schedule, which set_engine brings about. */
	check_history(serving);
	review_alerts(serving);
	backup_service_set_engine(serving->service, serving->engine);
	return STATUS_OK;
}

static enum status start_api(struct serving *serving, struct error *err)
{
	const struct api_settings settings = {
		.config = serving->config,
		.backup = serving->service,
		.alerts = backup_service_alerts(serving->service),
		.audit = backup_service_audit(serving->service),
		.state = backup_service_state(serving->service),
		.clock = &system_clock,
	};
	return api_new(&settings, &serving->api, err);
}

static enum status start_http(struct serving *serving, struct error *err)
{
	const struct config *config = serving->config;
	const struct http_settings settings = {
		.address = config->http.listen_address,
		.port = config->http.listen_port,
		.certificate_file = config->http.certificate_file,
		.key_file = config->http.key_file,
		.client_ca_file = config->http.client_ca_file,
		.client_certificate_required = config->http.client_certificate_required,
		.max_connections = config->http.limits.connections,
		.max_connections_per_address = config->http.limits.connections_per_address,
		.timeout_seconds = config->http.limits.idle_seconds,
		.request_seconds = config->http.limits.request_seconds,
		.handler = api_handle,
		.refuse = api_refuse,
		.context = serving->api,
	};
	return http_server_start(&settings, &serving->server, err);
}

static enum status start(struct serving *serving, struct error *err)
{
	enum status status = start_signals(serving, err);
	if (status == STATUS_OK)
		status = start_service(serving, err);
	if (status == STATUS_OK)
		status = start_engine(serving, err);
	if (status == STATUS_OK)
		status = start_api(serving, err);
	if (status == STATUS_OK)
		status = start_http(serving, err);
	return status;
}

static void stop(struct serving *serving)
{
	if (serving->api != NULL)
		api_set_ready(serving->api, false);
	http_server_stop(serving->server, SERVE_FINISH);
	if (serving->service != NULL)
		backup_service_set_engine(serving->service, NULL);
	jobs_engine_stop(serving->engine);
	api_free(serving->api);
	backup_service_close(serving->service);
	app_signals_stop(serving->signals);
	cancel_free(serving->cancel);
	config_free(serving->config);
}

static void announce(struct app_call *call, const struct serving *serving)
{
	const char *address = serving->config->http.listen_address;
	const char *scheme = serving->config->http.certificate_file != NULL ? "https" : "http";
	bool is_ipv6 = strchr(address, ':') != NULL;
	char url[128];
	(void)snprintf(url, sizeof url, "%s://%s%s%s:%u", scheme, is_ipv6 ? "[" : "", address,
		       is_ipv6 ? "]" : "", http_server_port(serving->server));
	if (call->arguments.json)
		(void)printf("{\"url\": \"%s\", \"signer\": \"%s\"}\n", url,
			     backup_service_signer(serving->service));
	else
		(void)printf("infrabackup: listening on %s\n", url);
	(void)fflush(stdout);
	/* That was the one document. */
	call->arguments.json = false;
	log_message(LOG_LEVEL_INFO, "infrabackup " INFRABACKUP_VERSION " serves %s", url);
}

static void wait_until_stopped(const struct serving *serving)
{
	struct pollfd descriptor = { .fd = cancel_descriptor(serving->cancel), .events = POLLIN };
	while (poll(&descriptor, 1, -1) < 0 && errno == EINTR)
		;
	log_message(LOG_LEVEL_INFO, "stopping");
}

enum status app_serve(struct app_call *call, struct error *err)
{
	struct serving serving = { 0 };
	app_harden_memory();
	enum status status = config_load(call->arguments.config, &serving.config, err);
	if (status == STATUS_OK)
		status = start(&serving, err);
	if (status == STATUS_OK) {
		api_set_ready(serving.api, true);
		announce(call, &serving);
		wait_until_stopped(&serving);
	}
	stop(&serving);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_INFO, "stopped");
	return status;
}
