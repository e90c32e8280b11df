/* SPDX-License-Identifier: Apache-2.0 */
/* Which driver serves which scheme. */
#include <assert.h>
#include <string.h>

#include "infrabackup/share.h"

void share_registry_init(struct share_registry *registry)
{
	*registry = (struct share_registry) { .count = 0 };
	share_registry_set(registry, &share_directory_driver, NULL);
	share_registry_set(registry, &share_smb_driver, NULL);
}

void share_registry_set(struct share_registry *registry, const struct share_driver *driver,
			void *state)
{
	size_t i = 0;

	while (i < registry->count &&
	       strcmp(registry->entries[i].driver->scheme, driver->scheme) != 0)
		i++;
	assert(i < ARRAY_LENGTH(registry->entries));
	registry->entries[i].driver = driver;
	registry->entries[i].state = state;
	if (i == registry->count)
		registry->count++;
}
