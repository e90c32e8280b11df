/* SPDX-License-Identifier: Apache-2.0 */
/* api: HTTP in, domain call, JSON out. The route table, the contract's wire shapes, the error
 * table. */
#ifndef INFRABACKUP_API_H
#define INFRABACKUP_API_H

#include "infrabackup/alert.h"
#include "infrabackup/audit.h"
#include "infrabackup/backup.h"
#include "infrabackup/config.h"
#include "infrabackup/http.h"

struct api;

struct api_settings {
	const struct config *config; /* all borrowed */
	struct backup_service *backup;
	const struct alert_book *alerts;
	struct audit_log *audit;
	struct db_pool *state;
	const struct clock *clock;
};

MUST_CHECK enum status api_new(const struct api_settings *settings, struct api **out,
			       struct error *err);
void api_free(struct api *api);
/* What /readyz says: false until start-up is complete and from the moment the stop began. Any
 * thread. */
void api_set_ready(struct api *api, bool ready);

/* http_handler; @context is the struct api. Any thread. */
void api_handle(void *context, const struct http_request *request, struct http_response *response);
/* http_handler for what the transport refused: envelope for response->status. */
void api_refuse(void *context, const struct http_request *request, struct http_response *response);

#define API_VERSIONS_MAX 4

/* One row of the route table, for the test that holds the documents in api/ against it. */
struct api_route_description {
	const char *method;
	const char *path; /* with {parameters} */
	const char *operation_id;
	const char *role; /* needed; NULL: open to everybody */
	/* api-versions that have it, oldest first; the rest NULL. None: it needs no api-version. */
	const char *versions[API_VERSIONS_MAX];
};
/* False when @index is past the last row. */
bool api_route_describe(size_t index, struct api_route_description *out);

/* One row of the error table, for api/errors.md. Several may say the same, in no order. */
struct api_error_description {
	unsigned http_status;
	const char *code; /* NULL: not a row */
	const char *meaning;
};
/* False when @index is past the last row. */
bool api_error_describe(size_t index, struct api_error_description *out);

#endif
