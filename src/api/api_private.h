/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module api share: one call, the route table, building blocks of answers. */
#ifndef API_PRIVATE_H
#define API_PRIVATE_H

#include "infrabackup/api.h"
#include "infrabackup/auth.h"

#include "api_rates.h"

#include <stdatomic.h>

#define API_PROVIDER "Microsoft.Backup.Admin"
#define API_LOCATION_TYPE API_PROVIDER "/backupLocations"
#define API_BACKUP_TYPE API_LOCATION_TYPE "/backups"
#define API_OPERATION_TYPE API_LOCATION_TYPE "/operations"

#define API_INSIGHTS "Microsoft.InfrastructureInsights.Admin"
#define API_REGION_TYPE API_INSIGHTS "/regionHealths"
#define API_ALERT_TYPE API_REGION_TYPE "/alerts"
#define API_SERVICE_TYPE API_REGION_TYPE "/serviceHealths"
#define API_RESOURCE_TYPE API_SERVICE_TYPE "/resourceHealths"

#define API_JSON "application/json"
#define API_JSON_UTF8 "application/json; charset=utf-8"

/* In the order of time, so that < and >= say what they mean. */
enum api_version {
	API_VERSION_NONE, /* missing, or none that anybody has */
	API_2016_05_01,
	API_2018_09_01,
	API_2021_09_01,
	API_VERSION_COUNT
};
#define API_BIT(version) (1u << (version))
#define API_SINCE_2018 (API_BIT(API_2018_09_01) | API_BIT(API_2021_09_01))

struct api {
	struct api_settings settings;
	struct auth *auth;
	atomic_bool is_ready;
	struct api_rates *rates;
	struct secret page_key; /* signs what continues a list */
};

/* The {parameters} of a path; empty when the route has none of that name. */
#define API_PARAMETER_SIZE 96
struct api_path {
	char subscription[API_PARAMETER_SIZE];
	char group[API_PARAMETER_SIZE];
	char location[API_PARAMETER_SIZE];
	char service[API_PARAMETER_SIZE];  /* registration of a service */
	char provider[API_PARAMETER_SIZE]; /* namespace */
	char id[API_PARAMETER_SIZE]; /* of a backup, an operation, an alert or a health entry */
};

/* Faults whose code does not follow from a status. */
enum api_fault {
	API_FAULT_NONE,
	API_FAULT_VERSION_MISSING,
	API_FAULT_VERSION_UNKNOWN,
	API_FAULT_SUBSCRIPTION,
	API_FAULT_NAMESPACE,
	API_FAULT_SUBSCRIPTION_READ_ONLY,
	API_FAULT_SUBSCRIPTION_UNREGISTERED,
	API_FAULT_METHOD,
	API_FAULT_MEDIA_TYPE,
	API_FAULT_NOT_READY,
	API_FAULT_CERTIFICATE,
	API_FAULT_REPAIR,
	API_FAULT_STATE,
	API_FAULT_THROTTLED,
	API_FAULT_PRECONDITION,
	API_FAULT_COUNT
};

struct api_call {
	struct api *api;
	const struct http_request *request;
	struct http_response *response;
	struct db *state;
	struct auth_caller caller;
	struct api_path path;
	enum api_version version;
	enum api_fault fault;              /* set together with a failed status */
	const struct api_route *route;     /* NULL: none fits */
	int64_t audit_sequence;            /* of the row of a write; 0: none */
	char operation_id[GUID_TEXT_SIZE]; /* that an accepted request began; empty: none */
};

/* A failed handler leaves the response alone: the dispatcher writes the envelope. */
typedef enum status (*api_handler)(struct api_call *call, struct error *err);

/* Whose versions and scope count: the two providers, and what a resource manager has around them.
 */
enum api_provider {
	API_PROVIDER_BACKUP,
	API_PROVIDER_INSIGHTS,
	API_PROVIDER_RESOURCES, /* subscriptions, locations, providers, tenants */
	API_PROVIDER_METADATA,
	API_PROVIDER_LIFE_CYCLE, /* of the subscription, from the resource manager */
};

enum api_access { API_OPEN, API_READER, API_OPERATOR, API_ADMINISTRATOR };

struct api_route {
	const char *method;
	const char *path;
	const char *operation_id;
	enum api_access access;
	enum api_provider provider;
	unsigned versions; /* API_BIT()s; 0: all that the provider has */
	api_handler handle;
};

/* --- api_routes.c --- */
enum api_match { API_MATCH, API_MATCH_NO_PATH, API_MATCH_NO_METHOD };
/* What @version has; one that the provider does not know hides nothing, since that is what it is
 * told about. API_MATCH: *@route and @parameters are filled. API_MATCH_NO_METHOD: @allow lists what
 * the path takes. */
#define API_ALLOW_SIZE 64
enum api_match api_route_find(const char *method, const char *path, enum api_version version,
			      const struct api_route **route, struct api_path *parameters,
			      char *allow, size_t allow_size);

/* --- api_errors.c --- */
/* Records @fault for the call and returns fail() of @status. */
enum status api_fail(struct api_call *call, enum api_fault fault, enum status status,
		     const char *field, struct error *err, const char *format, ...)
	PRINTF_LIKE(6, 7);
/* The envelope for a failed call into @response. */
void api_error_answer(struct http_response *response, enum api_fault fault,
		      const struct error *err);
/* {"code","message"[,"target"]}. NULL when memory is out. */
json_t *api_error_json(const char *code, const char *message, const char *target);
/* STATUS_NOT_FOUND in ARM's words. */
enum status api_resource_not_found(const struct api_call *call, const char *type, const char *name,
				   struct error *err);

/* Its code in the envelope. */
const char *api_error_code(enum api_fault fault, const struct error *err);

/* --- api_error_meanings.c --- */
/* For the client who got @code; NULL: nobody wrote it yet. */
const char *api_error_meaning(const char *code);

/* --- api_audit.c --- */
/* Before a write: no write is done that is not recorded. Reads leave nothing. */
enum status api_audit_begin(struct api_call *call, struct error *err);
/* With the answer: the outcome of a write, or the refusal of what did not come so far. */
void api_audit_finish(struct api_call *call, const char *code);

/* --- api_answer.c --- */
/* The response becomes @status with @json (stolen, may be NULL: memory was out) as its body. */
enum status api_answer_json(struct http_response *response, unsigned status,
			    const char *content_type, json_t *json, struct error *err);
/* 202, the operation's Location and Retry-After; from 2021-09-01 on Azure-AsyncOperation too. */
enum status api_answer_accepted(struct api_call *call, const char *operation_id, long retry_after,
				struct error *err);
/* The same with Azure-AsyncOperation in any version. */
enum status api_answer_accepted_async(struct api_call *call, const char *operation_id,
				      long retry_after, struct error *err);
/* The same with a Location below another collection, for what is followed there. */
void api_answer_accepted_at(struct api_call *call, const char *collection, const char *operation_id,
			    long retry_after);
/* The ids by which the caller knows the request. */
void api_echo_headers(const struct http_request *request, struct http_response *response);
/* Key with a new reference, NULL meaning that memory was out. False then. */
bool api_set(json_t *object, const char *key, json_t *value);
json_t *api_text_or_null(const char *text);
json_t *api_time_or_null(int64_t time);
/* null also for the certificate of a pre-shared key, which no caller has. */
json_t *api_thumbprint_or_null(const struct api_call *call, const char *thumbprint);

/* --- api_condition.c --- */
/* ETag of all that the body shows. */
void api_etag_of_body(struct api_call *call);
/* ETag of what operators set. */
enum status api_etag_of_location(struct api_call *call, const struct db_location *location,
				 struct error *err);
/* Before the handler: STATUS_INVALID for a condition that is malformed, or for a write that it
 * forbids. */
enum status api_condition_before(struct api_call *call, struct error *err);
/* After a read: 304 when the caller has it already, STATUS_INVALID when it is another one than
 * asked for. */
enum status api_condition_after(struct api_call *call, struct error *err);

/* --- api_throttle.c: STATUS_INVALID with the fault and Retry-After when it is too much --- */
/* A read or a write by a known caller; says in a header how many are left. */
enum status api_throttle_caller(struct api_call *call, struct error *err);
/* Of what is open to everybody, by address. */
enum status api_throttle_open(struct api_call *call, struct error *err);
/* After an authentication failed; @failure when it is not too often from this address. A caller who
 * is known is never kept out by it: all who come through one front door have one address. */
enum status api_throttle_failure(struct api_call *call, enum status failure, struct error *err);

/* --- api_version.c --- */
/* The one that the request names. */
enum api_version api_version_read(const struct http_request *request);
/* STATUS_INVALID, with the versions that @provider has, unless call->version is one of them. */
enum status api_version_check(struct api_call *call, enum api_provider provider, struct error *err);
const char *api_version_name(enum api_version version);
/* API_BIT()s. */
unsigned api_provider_versions(enum api_provider provider);

/* The @index-th version that @provider has, the oldest first; NULL behind the last. */
const char *api_provider_version(enum api_provider provider, size_t index);

/* --- api_query.c --- */

/* No query parameter may be sent twice: whoever stands in front of us may have looked at the other
 * one. */
enum status api_query_check(struct api_call *call, struct error *err);

/* Where a page ended: the last item's id, and what the list is sorted by when that is not the id.
 */
struct api_position {
	int64_t number;
	char id[GUID_TEXT_SIZE];
};

struct api_page {
	size_t skip;
	size_t top;      /* SIZE_MAX: everything */
	bool is_further; /* only what is behind @after counts */
	struct api_position after;
};
/* $top, $skip and $skipToken. @list: as in api_next_link(). */
enum status api_page_read(struct api_call *call, const char *list, struct api_page *page,
			  struct error *err);
/* The same for the contract's own lists, which 2016-05-01 does not cut. */
enum status api_contract_page_read(struct api_call *call, const char *list, struct api_page *page,
				   struct error *err);

/* --- api_page.c --- */
#define API_TOKEN_TEXT_SIZE 171
/* @list: the constant by which the tokens of one list are told from those of others. */
enum status api_page_token_make(const struct api_call *call, const char *list,
				const struct api_position *last, char text[API_TOKEN_TEXT_SIZE],
				struct error *err);
/* STATUS_INVALID for what was not made by api_page_token_make() for the same list, filter, order
 * and caller within the last day. */
enum status api_page_token_read(const struct api_call *call, const char *list, const char *text,
				struct api_position *out, struct error *err);
/* The absolute address of the page behind @last. */
enum status api_next_link(const struct api_call *call, const char *list,
			  const struct api_position *last, json_t **out, struct error *err);

/* --- api_resource_id.c --- */
#define API_ID_SIZE 768
/* The call's subscription, group and location are the configured ones. */
enum status api_scope_check(struct api_call *call, enum api_provider provider, struct error *err);
/* How the ids of an answer begin: as the request spelled it, or as a background operation does. */
enum api_spelling { API_AS_REQUESTED, API_CANONICAL };
/* ".../backupLocations/{location}" */
const char *api_location_id(const struct api_call *call, enum api_spelling spelling,
			    char id[API_ID_SIZE]);
/* ".../backupLocations/{location}/{collection}/{name}" */
const char *api_child_id(const struct api_call *call, enum api_spelling spelling,
			 const char *collection, const char *name, char id[API_ID_SIZE]);
/* Provider @name of the deployment's own group, spelled as insights spells it:
 * "/subscriptions/.../resourceGroups/System.north/providers/{name}". */
const char *api_system_id(const struct api_call *call, const char *name, char id[API_ID_SIZE]);
/* "https://host", without a trailing slash: by which the client reaches us, as its front door, the
 * configuration or the request says. */
const char *api_base_url(const struct api_call *call, char url[API_ID_SIZE]);

/* --- api_life_cycle.c: the subscription as the resource manager sees it --- */
enum api_subscription_state {
	API_SUBSCRIPTION_REGISTERED, /* also when nobody ever said anything */
	API_SUBSCRIPTION_UNREGISTERED,
	API_SUBSCRIPTION_WARNED,
	API_SUBSCRIPTION_SUSPENDED,
	API_SUBSCRIPTION_DELETED,
};
enum status api_subscription_read(const struct api_call *call, enum api_subscription_state *out,
				  struct error *err);
enum status api_subscription_store(const struct api_call *call, enum api_subscription_state state,
				   struct error *err);
/* In any state but Registered the resources of the subscription can only be read. */
enum status api_subscription_check(struct api_call *call, struct error *err);

/* --- wire shapes; NULL when memory is out --- */
json_t *api_location_json(const struct api_call *call, enum api_spelling spelling,
			  const struct db_location *location);
/* The body of a PUT or PATCH, but for its manner. Members of @update point into @values and @body.
 */
struct api_location_values {
	int64_t frequency_hours;
	int64_t retention_days;
	bool scheduler_enabled;
};
enum status api_location_read(const struct api_call *call, const json_t *body,
			      struct api_location_values *values,
			      struct backup_location_update *update, struct error *err);
/* An empty text means "keep", as null does: clients send back what they read (CONTRACT 7). */
const char *api_keep_if_empty(const char *text);

/* --- api_prune.c --- */
/* What a prune that did not fail leads to: the location with what went in place of its settings.
 * NULL when memory is out. */
json_t *api_prune_json(const struct api_call *call, const struct db_job *job);

/* --- api_body.c --- */
/* The body as a JSON object into *@out (owned by the caller). No body: STATUS_INVALID, or NULL and
 * OK when it @is_optional. */
enum status api_body_read(struct api_call *call, bool is_optional, json_t **out, struct error *err);
/* Overwrites every text in a body that may carry secrets. */
void api_body_wipe(json_t *body);

/* What a backup resource shows, be it committed or only a job. Borrowed. */
struct api_backup_view {
	const char *id;
	const char *status;
	int64_t created_time, duration;
	const char *stamp_version, *oem_version, *deployment_id;
	const char *thumbprint; /* NULL: none */
	bool is_complete, is_automatic, is_ready;
	const struct db_verification *verification; /* NULL: not committed */
	int64_t pinned_until;                       /* 0: not pinned, INT64_MAX: for ever */
};
/* Without its roles: *@roles is the borrowed, empty array for them. */
json_t *api_backup_json(const struct api_call *call, enum api_spelling spelling,
			const struct api_backup_view *view, json_t **roles);
/* @verification: of that backup; damage makes it unready. */
struct api_backup_view api_backup_view_committed(const struct db_backup *backup,
						 const struct db_verification *verification);
/* The committed backup by the id in the path; STATUS_NOT_FOUND. */
enum status api_backup_find(struct api_call *call, struct db_backup *out, struct error *err);
/* --- api_verification.c --- */
/* schema/responses/backup.json's "verification", whose harmedFiles a list leaves out. */
json_t *api_verification_json(const struct db_verification *row);
struct api_backup_view api_backup_view_job(const struct api_call *call, const struct db_job *job);
/* Appends {"roleName","status"} of the job's roles. */
enum status api_backup_roles(struct api_call *call, const char *job_id, json_t *roles,
			     struct error *err);
json_t *api_job_json(const struct api_call *call, const struct db_job *job, json_t *roles);
json_t *api_job_role_json(const struct db_job_role *role);
/* 200 and the job with its roles. */
enum status api_job_answer(struct api_call *call, const struct db_job *job, struct error *err);
/* Only the states that the version knows. */
const char *api_operation_status(enum api_version version, const char *job_state);
/* A job of this location by the id in the path; STATUS_NOT_FOUND. */
enum status api_job_get(struct api_call *call, const char *type, struct db_job *out,
			struct error *err);

/* --- api_filter.c: $filter over alerts and jobs --- */
struct api_filter;
enum api_filtered { API_FILTER_ALERTS, API_FILTER_JOBS, API_FILTER_ACTIVITY };
/* "(Properties/State eq 'Active') and Properties/Severity ne 'Warning'": eq and ne of a few
 * properties, and, or, parentheses. *@out NULL: no $filter was sent. STATUS_INVALID says what is
 * allowed. */
enum status api_filter_read(struct api_call *call, enum api_filtered of, struct api_filter **out,
			    struct error *err);
/* @filter NULL: everything passes. */
bool api_filter_passes(const struct api_filter *filter, const struct alert_view *alert);
void api_filter_free(struct api_filter *filter);
/* "kind eq 'backup'": the kind, empty when no $filter was sent. */
enum status api_filter_read_kind(struct api_call *call, char kind[API_PARAMETER_SIZE],
				 struct error *err);
/* "caller eq 'ann' and eventTimestamp ge '2026-03-01T00:00:00Z'" into @out, which is empty. */
enum status api_filter_read_activity(struct api_call *call, struct db_audit_filter *out,
				     struct error *err);
/* STATUS_INVALID when the request has a $filter: these lists have nothing to filter. */
enum status api_filter_refuse(struct api_call *call, struct error *err);

/* Who the alerts are about, in every list of services. */
#define API_SERVICE_REGISTRATION "5b0c6d0e-8f3a-4d2b-9a57-6e1d3c5f7a10"
#define API_SERVICE_DISPLAY_NAME "Infrastructure backup"
json_t *api_alert_json(const struct api_call *call, const struct alert_view *alert);

/* --- handlers --- */
enum status api_health_get(struct api_call *call, struct error *err);
enum status api_ready_get(struct api_call *call, struct error *err);
enum status api_metadata_get(struct api_call *call, struct error *err);
enum status api_tenants_list(struct api_call *call, struct error *err);
enum status api_subscriptions_list(struct api_call *call, struct error *err);
enum status api_subscriptions_get(struct api_call *call, struct error *err);
enum status api_subscriptions_put(struct api_call *call, struct error *err);
enum status api_locations_list(struct api_call *call, struct error *err);
enum status api_groups_list(struct api_call *call, struct error *err);
enum status api_groups_get(struct api_call *call, struct error *err);
enum status api_providers_list(struct api_call *call, struct error *err);
enum status api_providers_get(struct api_call *call, struct error *err);
enum status api_providers_register(struct api_call *call, struct error *err);
enum status api_operations_list(struct api_call *call, struct error *err);
enum status api_backup_locations_list(struct api_call *call, struct error *err);
enum status api_backup_locations_get(struct api_call *call, struct error *err);
enum status api_backup_locations_put(struct api_call *call, struct error *err);
enum status api_backup_locations_patch(struct api_call *call, struct error *err);
enum status api_connection_test(struct api_call *call, struct error *err);
enum status api_connection_get(struct api_call *call, struct error *err);
enum status api_capacity_get(struct api_call *call, struct error *err);
enum status api_backups_create(struct api_call *call, struct error *err);
enum status api_backups_retry(struct api_call *call, struct error *err);
enum status api_backups_list(struct api_call *call, struct error *err);
enum status api_backups_get(struct api_call *call, struct error *err);
enum status api_backups_restore(struct api_call *call, struct error *err);
enum status api_backups_verify(struct api_call *call, struct error *err);
enum status api_backups_verify_all(struct api_call *call, struct error *err);
enum status api_operation_results_get(struct api_call *call, struct error *err);
enum status api_jobs_list(struct api_call *call, struct error *err);
enum status api_activity_list(struct api_call *call, struct error *err);
enum status api_jobs_get(struct api_call *call, struct error *err);
enum status api_insights_operations_list(struct api_call *call, struct error *err);
enum status api_alerts_list(struct api_call *call, struct error *err);
enum status api_alerts_get(struct api_call *call, struct error *err);
enum status api_alerts_close(struct api_call *call, struct error *err);
enum status api_alerts_repair(struct api_call *call, struct error *err);
enum status api_region_healths_list(struct api_call *call, struct error *err);
enum status api_region_healths_get(struct api_call *call, struct error *err);
enum status api_service_healths_list(struct api_call *call, struct error *err);
enum status api_service_healths_get(struct api_call *call, struct error *err);
enum status api_resource_healths_list(struct api_call *call, struct error *err);
enum status api_resource_healths_get(struct api_call *call, struct error *err);
enum status api_jobs_cancel(struct api_call *call, struct error *err);
enum status api_backups_cancel(struct api_call *call, struct error *err);
enum status api_backups_pin(struct api_call *call, struct error *err);
enum status api_backups_unpin(struct api_call *call, struct error *err);
enum status api_prune(struct api_call *call, struct error *err);
enum status api_maintenance_get(struct api_call *call, struct error *err);
enum status api_maintenance_begin(struct api_call *call, struct error *err);
enum status api_maintenance_end(struct api_call *call, struct error *err);

#endif
