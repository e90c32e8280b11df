/* SPDX-License-Identifier: Apache-2.0 */
/* All commands, as one list. */
#include "app_commands_private.h"

static const struct app_command_group *const groups[] = {
	&app_commands_local,
	&app_commands_service,
	&app_commands_backups,
	&app_commands_share,
};

const struct app_command *app_command_at(size_t index)
{
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		if (index < groups[i]->count)
			return &groups[i]->commands[index];
		index -= groups[i]->count;
	}
	return NULL;
}

bool app_command_describe(size_t index, const char **name, const struct app_option_table **table)
{
	const struct app_command *command = app_command_at(index);
	if (command == NULL)
		return false;
	*name = command->name;
	*table = &command->table;
	return true;
}
