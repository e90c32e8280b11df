/* SPDX-License-Identifier: Apache-2.0 */
/* config: the start-up file, checked strictly (schema/config.json says the same for machines). */
#ifndef INFRABACKUP_CONFIG_H
#define INFRABACKUP_CONFIG_H

#include "infrabackup/base.h"

enum config_smb_authentication {
	CONFIG_SMB_AUTOMATIC,
	CONFIG_SMB_KERBEROS,
	CONFIG_SMB_NTLM,
};
/* "automatic", "kerberos", "ntlm", NULL: in the order of the enum. */
extern const char *const config_smb_authentications[];
/* NULL is CONFIG_SMB_AUTOMATIC; any other text must be one of those names. */
enum config_smb_authentication config_smb_authentication_from_name(const char *name);

enum config_codec { CONFIG_CODEC_NONE, CONFIG_CODEC_ZLIB, CONFIG_CODEC_ZSTD };

struct config_service {
	const char *role;
	const char *provider;
	const char *path;           /* NULL unless the provider takes one */
	const char *const *exclude; /* NULL-terminated lists, or NULL */
	const char *const *command;
	const char *const *restore_command;
	const char *entry_name;
	long timeout;         /* ms */
	bool essential;       /* decides isCloudRecoveryReady; default true */
	int restore_priority; /* lower is restored first; default 100 */
};

/* A token whose claim @claim is, or contains, @value gives its caller @role. */
struct config_role_claim {
	const char *claim, *value;
	const char *role; /* "Reader", "Operator", "Administrator" */
};

/* Who signs JSON web tokens. */
struct config_issuer {
	const char *issuer;           /* the tokens' "iss" */
	const char *const *audiences; /* NULL-terminated, at least one; "aud" holds one of them */
	const char *jwks_url;         /* https, or http on the own machine; NULL: jwks_file */
	const char *jwks_file;
	const char *ca_file;    /* PEM of who signed the server of jwks_url; NULL: the system's */
	const char *name_claim; /* NULL: upn, then oid, then sub */
	struct config_role_claim *roles;
	size_t role_count;
};

/* Whose client certificate means what; exactly one of the first three is given. */
struct config_client_certificate {
	const char *common_name;
	const char *alternative_name; /* DNS name, e-mail address or URI */
	const char *sha256_text;
	unsigned char sha256[32]; /* of the DER, when sha256_text is given */
	bool is_front_door;       /* its x-ms-client-* and referer headers are believed */
	const char *role;
	const char *role_header; /* front door: it names the role, at most @role; NULL: none */
};

/* Everything is owned by the struct and constant after loading. */
struct config {
	const char *state_directory;
	struct {
		const char *id;       /* GUID */
		const char *location; /* region name */
		const char *external_domain;
		const char *subscription_id; /* GUID */
		const char *stamp_version;
		const char *oem_version; /* NULL when not given */
	} deployment;
	struct {
		const char *listen_address;   /* "127.0.0.1" or "::1" ... */
		unsigned listen_port;         /* 0: the kernel chooses (tests) */
		const char *certificate_file; /* NULL: no TLS */
		const char *key_file;
		const char *client_ca_file; /* NULL: client certificates are not asked for */
		bool client_certificate_required;
		const char *public_url; /* without trailing slash; NULL: from the Host header */
		long retry_after;       /* seconds; 0: the contract's 5/30/60 */
		struct {
			unsigned connections;
			unsigned connections_per_address;
			unsigned idle_seconds;
			unsigned request_seconds;  /* for a request to arrive */
			unsigned reads_per_minute; /* of a caller; 0: any number, also below */
			unsigned writes_per_minute;
			unsigned failed_authentications_per_minute; /* of an address */
		} limits;
	} http;
	struct {
		struct config_issuer *issuers;
		size_t issuer_count;
		struct config_client_certificate *client_certificates;
		size_t client_certificate_count;
		long clock_skew;    /* ms; these four have defaults */
		long keys_lifetime; /* ms between fetches of an issuer's keys */
		long keys_interval; /* ms at least between two fetches that tokens cause */
		long keys_stale;    /* ms that keys are used while the issuer does not answer */
	} authentication;
	struct {
		unsigned workers; /* compressing threads, 1 to 64; 0 in the file becomes one a
				     processor */
		enum config_codec codec;
		int compression_level;
		unsigned max_memory_mib;     /* bound of the engine's buffers */
		long share_deadline;         /* ms one share call may take */
		unsigned generation_backups; /* backups a generation; default 14 */
		long lease_duration;         /* ms a controller holds its folder unless it renews */
		uint64_t share_reserve; /* bytes of a file that keeps room on the share; 0: none */
		int64_t trash_grace; /* ms that what was deleted stays in the trash; default 24 h */
		bool drill_recipient; /* the service can open its own backups; default true */
		uint64_t verify_bytes_per_day; /* read back by itself; default 50 GiB, 0: none */
		const char *const *escrow_certificate_files; /* further recipients; may be NULL */
	} engine;
	struct {
		enum config_smb_authentication authentication;
		const char *const *unencrypted_servers; /* NULL-terminated; may be NULL */
	} smb;
	struct {
		/* URLs told to clients; NULL: there is none */
		const char *login_endpoint, *graph_endpoint, *portal_endpoint, *gallery_endpoint;
		const char *const *audiences; /* NULL-terminated; NULL: the public address */
		const char *tenant_id;        /* GUID; default: the deployment's id */
	} arm;
	struct {
		bool to_syslog;   /* every row also goes to the system's log; default false */
		int64_t max_rows; /* the oldest go beyond it; default 100000 */
		int64_t max_age;  /* ms; default 400 days */
	} audit;
	struct config_service *services; /* sorted by restore_priority, then by file order */
	size_t service_count;
	void *json; /* owner of the strings */
};

/* Reads and checks the whole file before anything is used. STATUS_INVALID: error.field is the JSON
 * path, the text says what was found and what is allowed. Unknown keys, duplicate roles, the
 * reserved role "infrabackup", a provider without its path or command are refused. */
MUST_CHECK enum status config_load(const char *path, struct config **out, struct error *err);
/* The same from memory; @path is for messages. */
MUST_CHECK enum status config_parse(const void *data, size_t length, const char *path,
				    struct config **out, struct error *err);
void config_free(struct config *config);
const struct config_service *config_find_service(const struct config *config, const char *role);

#endif
