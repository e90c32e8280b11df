/* SPDX-License-Identifier: Apache-2.0 */
/* The repository marker: made at the first use, recognised at every later one. */
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"
#include "backup_repository.h"

static enum status make_marker(struct backup_service *service, struct archive_repository *marker)
{
	memset(marker, 0, sizeof *marker);
	guid_generate(marker->repository_id);
	(void)snprintf(marker->deployment_id, sizeof marker->deployment_id, "%s",
		       service->config->deployment.id);
	(void)snprintf(marker->external_domain, sizeof marker->external_domain, "%s",
		       service->config->deployment.external_domain);
	(void)snprintf(marker->region, sizeof marker->region, "%s",
		       service->config->deployment.location);
	marker->created_time = clock_now(service->clock);
	signing_key_public(service->identity, marker->signer_public_key);
	return STATUS_OK;
}

static enum status make_folders(struct share *share, struct error *err)
{
	static const char *const folders[] = { ARCHIVE_CERTIFICATES, ARCHIVE_GENERATIONS,
					       ARCHIVE_BACKUPS,      ARCHIVE_TRASH,
					       ARCHIVE_LEASES,       ARCHIVE_SEQUENCE };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < ARRAY_LENGTH(folders) && status == STATUS_OK; i++)
		status = share_make_directories(share, folders[i], err);
	return status;
}

/* An earlier attempt may have written the first file only: its bytes are then the ones to copy.
 * Nothing is written when it is there, so that a repository on a full share can be opened. */
static enum status put_copy(struct share *share, const struct buffer *bytes, struct error *err)
{
	struct share_file *file = NULL;
	uint64_t size;
	enum status status = share_open_read(share, ARCHIVE_REPOSITORY_COPY, &file, &size, err);
	if (status == STATUS_OK)
		return share_close_file(file, err);
	if (status == STATUS_NOT_FOUND)
		status = share_put(share, ARCHIVE_REPOSITORY_COPY, bytes->data, bytes->length, err);
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status create(struct backup_service *service, struct share *share, struct buffer *bytes,
			  struct error *err)
{
	struct archive_repository marker;
	enum status status = make_folders(share, err);
	if (status == STATUS_OK)
		status = make_marker(service, &marker);
	if (status == STATUS_OK)
		status = archive_repository_write(&marker, bytes, err);
	if (status == STATUS_OK)
		status = share_put(share, ARCHIVE_REPOSITORY_FILE, bytes->data, bytes->length, err);
	if (status == STATUS_OK)
		status = put_copy(share, bytes, err);
	return status;
}

static enum status refuse_deployment(struct share *share, const struct archive_repository *marker,
				     struct error *err)
{
	char holder[BACKUP_HOLDER_TEXT_SIZE];
	backup_lease_holder_text(share, holder);
	return fail(err, STATUS_CONFLICT, BACKUP_STEP_MARKER, ARCHIVE_REPOSITORY_FILE,
		    "the share belongs to deployment %s (%s, region %s)%s; use another folder for "
		    "this one, or, to take that deployment's place, recover its "
		    "role " BACKUP_SERVICE_ROLE " under its own deployment id",
		    marker->deployment_id, marker->external_domain, marker->region, holder);
}

static enum status refuse_signer(const struct backup_service *service, struct share *share,
				 const struct archive_repository *marker, struct error *err)
{
	char theirs[FINGERPRINT_TEXT_SIZE], holder[BACKUP_HOLDER_TEXT_SIZE];
	signer_fingerprint(marker->signer_public_key, theirs);
	backup_lease_holder_text(share, holder);
	return fail(err, STATUS_CONFLICT, BACKUP_STEP_MARKER, ARCHIVE_REPOSITORY_FILE,
		    "the repository is signed by %s, this service is %s%s; recover the service's "
		    "own role from it, or use another folder",
		    theirs, service->signer, holder);
}

static enum status check_ours(struct backup_service *service, struct share *share,
			      const struct archive_repository *marker, const char *expected_id,
			      struct error *err)
{
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	if (!text_equal_ignoring_case(marker->deployment_id, service->config->deployment.id))
		return refuse_deployment(share, marker, err);
	signing_key_public(service->identity, public_key);
	if (memcmp(public_key, marker->signer_public_key, sizeof public_key) != 0)
		return refuse_signer(service, share, marker, err);
	if (expected_id != NULL && strcmp(expected_id, marker->repository_id) != 0)
		return fail(err, STATUS_SHARE_PATH, BACKUP_STEP_MARKER, ARCHIVE_REPOSITORY_FILE,
			    "found repository %s where %s is expected: another share is mounted at "
			    "this "
			    "path, or the repository was replaced",
			    marker->repository_id, expected_id);
	return STATUS_OK;
}

static enum status read_or_create(struct backup_service *service, struct share *share,
				  const char *expected_id, struct buffer *bytes, struct error *err)
{
	enum status status =
		share_get(share, ARCHIVE_REPOSITORY_FILE, ARCHIVE_SMALL_FILE_MAX, bytes, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (expected_id != NULL)
		return fail(err, STATUS_SHARE_PATH, BACKUP_STEP_MARKER, ARCHIVE_REPOSITORY_FILE,
			    "the marker of repository %s is not there: the share is not mounted, "
			    "or the "
			    "repository was removed",
			    expected_id);
	status = create(service, share, bytes, err);
	/* Another controller made it at the same moment: the one that stands counts. */
	if (status == STATUS_EXISTS)
		status = share_get(share, ARCHIVE_REPOSITORY_FILE, ARCHIVE_SMALL_FILE_MAX, bytes,
				   err);
	return status;
}

enum status backup_repository_open(struct backup_service *service, struct share *share,
				   const char *expected_id, struct backup_repository *out,
				   struct error *err)
{
	struct backup_repository repository;
	struct buffer bytes;
	memset(&repository, 0, sizeof repository);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = read_or_create(service, share, expected_id, &bytes, err);
	if (status == STATUS_OK)
		status =
			archive_repository_parse(bytes.data, bytes.length, &repository.marker, err);
	if (status == STATUS_OK)
		status = check_ours(service, share, &repository.marker, expected_id, err);
	/* A crash between the two files leaves the copy missing; it is made good here. */
	if (status == STATUS_OK)
		status = put_copy(share, &bytes, err);
	if (status == STATUS_OK)
		status = make_folders(share, err);
	if (status == STATUS_OK) {
		hash_sha256(bytes.data, bytes.length, repository.marker_sha256);
		(void)guid_to_bytes(repository.marker.repository_id, repository.id);
		*out = repository;
	}
	buffer_done(&bytes);
	return status;
}

static enum status compare_marker(const struct backup_repository *repository,
				  const struct buffer *bytes, struct error *err)
{
	unsigned char digest[SHA256_SIZE];
	hash_sha256(bytes->data, bytes->length, digest);
	if (memcmp(digest, repository->marker_sha256, SHA256_SIZE) == 0)
		return STATUS_OK;
	return fail(err, STATUS_SHARE_PATH, "recognise repository", ARCHIVE_REPOSITORY_FILE,
		    "the marker is no longer that of repository %s: another share was mounted "
		    "meanwhile",
		    repository->marker.repository_id);
}

enum status backup_repository_recognise(struct share *share,
					const struct backup_repository *repository,
					struct error *err)
{
	struct buffer bytes;
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status =
		share_get(share, ARCHIVE_REPOSITORY_FILE, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
	if (status == STATUS_OK)
		status = compare_marker(repository, &bytes, err);
	else if (status == STATUS_NOT_FOUND)
		status = fail(err, STATUS_SHARE_PATH, "recognise repository",
			      ARCHIVE_REPOSITORY_FILE,
			      "the marker of repository %s is gone: the share was unmounted "
			      "meanwhile, or the repository was removed",
			      repository->marker.repository_id);
	buffer_done(&bytes);
	return status;
}
