/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the configuration's reader share: a place to keep derived values, and checks.
 */
#ifndef INFRABACKUP_CONFIG_PRIVATE_H
#define INFRABACKUP_CONFIG_PRIVATE_H

#include "infrabackup/config.h"

#define CONFIG_FIELD_MAX sizeof(((struct error *)NULL)->field)
#define CONFIG_PATH_LENGTH_MAX 4095

/* The sections of the file; each reads the members of @json into its part of @config. */
MUST_CHECK enum status config_read_deployment(const json_t *json, struct config *config,
					      struct error *err);
MUST_CHECK enum status config_read_http(const json_t *json, struct config *config,
					struct error *err);
/* @json may be NULL: all defaults. After the http section, whose TLS settings it relies on. */
MUST_CHECK enum status config_read_authentication(const json_t *json, struct config *config,
						  struct error *err);
void config_free_authentication(struct config *config);
/* @json may be NULL: all defaults. */
MUST_CHECK enum status config_read_http_limits(const json_t *json, struct config *config,
					       struct error *err);
/* @json may be NULL: all defaults. */
MUST_CHECK enum status config_read_engine(const json_t *json, struct config *config,
					  struct error *err);
/* @json may be NULL: all defaults. */
MUST_CHECK enum status config_read_smb(const json_t *json, struct config *config,
				       struct error *err);
/* After the deployment. @json may be NULL: all defaults. */
MUST_CHECK enum status config_read_arm(const json_t *json, struct config *config,
				       struct error *err);
/* @json may be NULL: all defaults. */
MUST_CHECK enum status config_read_audit(const json_t *json, struct config *config,
					 struct error *err);
MUST_CHECK enum status config_read_services(const json_t *json, struct config *config,
					    struct error *err);

/* Copies @length characters of @text, owned by config->json. NULL when memory is out. */
const char *config_keep_text(struct config *config, const char *text, size_t length);
/* The strings of @array as a NULL-terminated list for free() by config_free(); @array NULL: NULL.
 * Each is checked by @check (may be NULL), which gets its JSON path. */
MUST_CHECK enum status config_read_list(const json_t *array, const char *field, size_t count_max,
					enum status (*check)(const char *field, const char *text,
							     struct error *err),
					const char *const **out, struct error *err);

/* Frees what config_read_list() gave; NULL is legal. */
void config_free_list(const char *const *list);

/* Checks of one value; @text NULL (an absent option) passes. */
MUST_CHECK enum status config_check_path(const char *field, const char *text, struct error *err);
MUST_CHECK enum status config_check_guid(const char *field, const char *text, struct error *err);
/* 1 to @length_max letters, digits and characters of @others. */
MUST_CHECK enum status config_check_word(const char *field, const char *text, size_t length_max,
					 const char *others, struct error *err);
MUST_CHECK enum status config_check_domain(const char *field, const char *text, struct error *err);
/* Two to four numbers with dots between them. */
MUST_CHECK enum status config_check_version(const char *field, const char *text, struct error *err);
MUST_CHECK enum status config_check_url(const char *field, const char *text, struct error *err);
/* A shell pattern: not empty, printable. */
MUST_CHECK enum status config_check_pattern(const char *field, const char *text, struct error *err);

/* "127.0.0.1:8443" or "[::1]:8443" into a numeric address and a port. */
MUST_CHECK enum status config_parse_listen(const char *field, const char *text,
					   struct config *config, struct error *err);
/* "none", "zlib:1-9", "zstd:1-19". */
MUST_CHECK enum status config_parse_compression(const char *field, const char *text,
						struct config *config, struct error *err);

#endif
