/* SPDX-License-Identifier: Apache-2.0 */
/* Writes data and skips holes; see the header. */
#include "snapshot_sink.h"

enum status snapshot_sink_write(struct snapshot_sink *sink, const char *path, const void *data,
				size_t length, struct error *err)
{
	enum status status = file_write_all(sink->descriptor, path, data, length, err);

	if (status != STATUS_OK)
		return status;
	sink->position += length;
	if (length > 0)
		sink->hole_at_end = false;
	return STATUS_OK;
}

enum status snapshot_sink_hole(struct snapshot_sink *sink, const char *path, uint64_t length,
			       struct error *err)
{
	if (length > (uint64_t)INT64_MAX - sink->position)
		return fail(err, STATUS_INTEGRITY, "restore file", path,
			    "a hole of %llu bytes is longer than a file can be",
			    (unsigned long long)length);
	if (lseek(sink->descriptor, (off_t)(sink->position + length), SEEK_SET) < 0)
		return fail_errno(err, STATUS_FAILED, "restore file", path);
	sink->position += length;
	sink->hole_at_end = length > 0 || sink->hole_at_end;
	return STATUS_OK;
}

enum status snapshot_sink_finish(struct snapshot_sink *sink, const char *path, struct error *err)
{
	if (sink->hole_at_end && ftruncate(sink->descriptor, (off_t)sink->position) != 0)
		return fail_errno(err, STATUS_FAILED, "restore file", path);
	return STATUS_OK;
}
