/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of a cloud may take back a backup: the backup's own, or one release newer. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/recover.h"

/* Releases of Azure Stack Hub, the second part of a stamp version such as 1.2311.1.22, in order;
 * for "one release newer". A release that is not in the list lies between those that it lies
 * between. */
static const unsigned releases[] = {
	1712, 1802, 1803, 1804, 1805, 1807, 1808, 1809, 1811, 1901, 1902, 1903, 1904, 1905, 1906,
	1907, 1908, 1910, 2002, 2005, 2008, 2102, 2108, 2206, 2301, 2306, 2311, 2406, 2408, 2501,
};

#define PARTS 4

struct version {
	unsigned parts[PARTS]; /* major, release, build, revision; what is not given is 0 */
};

/* Two to four numbers of at most nine digits with dots between them. */
static bool parse_version(const char *text, struct version *out)
{
	memset(out, 0, sizeof *out);
	for (size_t part = 0; part < PARTS; part++) {
		size_t digits = strspn(text, "0123456789");
		if (digits == 0 || digits > 9)
			return false;
		out->parts[part] = (unsigned)strtoul(text, NULL, 10);
		text += digits;
		if (*text == '\0')
			return part > 0;
		if (*text++ != '.')
			return false;
	}
	return false;
}

static int compare_versions(const struct version *left, const struct version *right)
{
	for (size_t part = 0; part < PARTS; part++)
		if (left->parts[part] != right->parts[part])
			return left->parts[part] < right->parts[part] ? -1 : 1;
	return 0;
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
	struct version from, to;
	if (strcmp(backup, target) == 0)
		return STATUS_OK;
	if (!parse_version(backup, &from) || !parse_version(target, &to))
		return fail(err, STATUS_UNSUPPORTED, "check versions", target,
			    "cannot tell whether version %.64s may take a backup of version %.64s: "
			    "expected the form 1.2311.1.22",
			    target, backup);
	if (compare_versions(&to, &from) < 0)
		return fail(
			err, STATUS_UNSUPPORTED, "check versions", target,
			"the backup was made on version %s and the target is version %s: a target "
			"may not be older than the backup",
			backup, target);
	if (to.parts[0] != from.parts[0] || releases_between(from.parts[1], to.parts[1]) > 0)
		return fail(
			err, STATUS_UNSUPPORTED, "check versions", target,
			"the backup was made on version %s and the target is version %s: a target "
			"may be at most one release newer",
			backup, target);
	return STATUS_OK;
}
