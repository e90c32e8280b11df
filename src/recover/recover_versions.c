/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of a cloud may take back a backup: the backup's own, or one release newer. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/recover.h"

/* Releases of Azure Stack Hub, the second part of a stamp version such as 1.2311.1.22, in order;
 * for "one release newer". A release that is not in the list lies between those that it lies
 * between. */
static const unsigned releases[] = {
	1712, 1802, 1803, 1804, 1805, 1807, 1808, 1809, 1811, 1901, 1902, 1903, 1904, 1905, 1906,
	1907, 1908, 1910, 2002, 2005, 2008, 2102, 2108, 2206, 2301, 2306, 2311, 2406, 2408, 2501,
};

static bool parse_release(const char *version, unsigned *release)
{
	unsigned major = 0;
	return sscanf(version, "%u.%u", &major, release) == 2;
}

static unsigned releases_between(unsigned older, unsigned newer)
{
	unsigned count = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(releases); i++)
		count += releases[i] > older && releases[i] < newer ? 1 : 0;
	return count;
}

enum status recover_check_versions(const char *backup, const char *target, struct error *err)
{
	unsigned backup_release = 0, target_release = 0;
	if (strcmp(backup, target) == 0)
		return STATUS_OK;
	if (!parse_release(backup, &backup_release) || !parse_release(target, &target_release))
		return fail(
			err, STATUS_UNSUPPORTED, "check versions", target,
			"cannot tell whether version %s may take a backup of version %s: expected "
			"the form 1.2311.1.22",
			target, backup);
	if (target_release < backup_release)
		return fail(
			err, STATUS_UNSUPPORTED, "check versions", target,
			"the backup was made on version %s and the target is version %s: a target "
			"may not be older than the backup",
			backup, target);
	if (releases_between(backup_release, target_release) > 0)
		return fail(
			err, STATUS_UNSUPPORTED, "check versions", target,
			"the backup was made on version %s and the target is version %s: a target "
			"may be at most one release newer",
			backup, target);
	return STATUS_OK;
}
