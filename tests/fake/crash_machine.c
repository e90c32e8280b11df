/* SPDX-License-Identifier: Apache-2.0 */
/* Counting calls, remembering what they did, and taking back what was not durable. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/crash_machine_private.h"

struct crash_machine *crash_machine_new(const char *grave)
{
	struct crash_machine *machine = calloc(1, sizeof *machine);
	assert(machine != NULL);
	pthread_mutex_init(&machine->mutex, NULL);
	machine->grave = strdup(grave);
	assert(machine->grave != NULL);
	crash_database_watch(machine);
	return machine;
}

void crash_machine_arm(struct crash_machine *machine, const struct crash_plan *plan)
{
	crash_enter(machine);
	machine->plan = *plan;
	machine->count = 0;
	memset(machine->calls, 0, sizeof machine->calls);
	pthread_mutex_unlock(&machine->mutex);
}

size_t crash_machine_calls(struct crash_machine *machine, size_t by_kind[CRASH_CALL_COUNT])
{
	crash_enter(machine);
	size_t count = machine->count;
	if (by_kind != NULL)
		memcpy(by_kind, machine->calls, sizeof machine->calls);
	pthread_mutex_unlock(&machine->mutex);
	return count;
}

/* --- effects --- */

struct crash_effect *crash_effect_add(struct crash_machine *machine, enum crash_effect_kind kind,
				      const char *path)
{
	if (machine->effect_count == machine->effect_capacity) {
		machine->effect_capacity = machine->effect_capacity * 2 + 64;
		machine->effects = reallocarray(machine->effects, machine->effect_capacity,
						sizeof *machine->effects);
		assert(machine->effects != NULL);
	}
	struct crash_effect *effect = &machine->effects[machine->effect_count++];
	*effect = (struct crash_effect) { .kind = kind, .path = strdup(path) };
	assert(effect->path != NULL);
	return effect;
}

struct crash_effect *crash_effect_find(struct crash_machine *machine, enum crash_effect_kind kind,
				       const char *path)
{
	for (size_t i = machine->effect_count; i > 0; i--)
		if (machine->effects[i - 1].kind == kind &&
		    strcmp(machine->effects[i - 1].path, path) == 0)
			return &machine->effects[i - 1];
	return NULL;
}

static void settle(struct crash_machine *machine, size_t i)
{
	struct crash_effect *effect = &machine->effects[i];
	if (effect->grave != NULL)
		(void)unlink(effect->grave);
	free(effect->path);
	free(effect->grave);
	free(effect->before);
	free(effect->after);
	machine->effect_count--;
	memmove(effect, effect + 1, (machine->effect_count - i) * sizeof *effect);
}

void crash_effect_settle(struct crash_machine *machine, enum crash_effect_kind kind,
			 const char *path)
{
	for (size_t i = machine->effect_count; i > 0; i--)
		if (machine->effects[i - 1].kind == kind &&
		    strcmp(machine->effects[i - 1].path, path) == 0)
			settle(machine, i - 1);
}

static bool is_name(enum crash_effect_kind kind)
{
	return kind == CRASH_EFFECT_CREATED || kind == CRASH_EFFECT_REMOVED ||
	       kind == CRASH_EFFECT_EMPTIED;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);
	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static void settle_below(struct crash_machine *machine, const char *folder)
{
	for (size_t i = machine->effect_count; i > 0; i--)
		if (is_below(machine->effects[i - 1].path, folder))
			settle(machine, i - 1);
}

void crash_settle_folder(struct crash_machine *machine, const char *folder)
{
	size_t length = strlen(folder);
	for (size_t i = 0; i < machine->effect_count;) {
		struct crash_effect *effect = &machine->effects[i];
		if (!is_name(effect->kind) || !is_below(effect->path, folder) ||
		    strchr(effect->path + length + 1, '/') != NULL) {
			i++;
			continue;
		}
		/* With a folder, what was in it is gone for good. */
		char *emptied = effect->kind == CRASH_EFFECT_EMPTIED ? strdup(effect->path) : NULL;
		settle(machine, i);
		if (emptied != NULL) {
			settle_below(machine, emptied);
			i = 0;
		}
		free(emptied);
	}
}

void crash_effects_rename(struct crash_machine *machine, const char *from, const char *to)
{
	for (size_t i = 0; i < machine->effect_count; i++) {
		struct crash_effect *effect = &machine->effects[i];
		char *path;
		if (strcmp(effect->path, from) != 0 && !is_below(effect->path, from))
			continue;
		assert(asprintf(&path, "%s%s", to, effect->path + strlen(from)) > 0);
		free(effect->path);
		effect->path = path;
	}
}

void crash_effect_bury(struct crash_machine *machine, const char *path)
{
	char *grave;
	assert(asprintf(&grave, "%s/%u", machine->grave, ++machine->grave_number) > 0);
	assert(link(path, grave) == 0);
	crash_effect_add(machine, CRASH_EFFECT_REMOVED, path)->grave = grave;
}

/* --- the crash --- */

static unsigned draw(struct crash_machine *machine, unsigned below)
{
	machine->plan.seed = machine->plan.seed * 1664525u + 1013904223u;
	return (machine->plan.seed >> 16) % below;
}

/* Of files that are gone by now. */
static void may_fail(int result)
{
	(void)result;
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

/* Nothing, a part, or holes of what was appended are left. */
static void tear(struct crash_machine *machine, const struct crash_effect *effect)
{
	uint64_t left = effect->durable;
	uint64_t loose = effect->length - effect->durable;
	if (machine->plan.loss == CRASH_LOSES_SOME && loose > 0)
		left += draw(machine, 3) * loose / 2;
	if (truncate(effect->path, (off_t)left) != 0)
		return;
	if (machine->plan.loss == CRASH_LOSES_SOME && draw(machine, 2) == 0)
		may_fail(truncate(effect->path, (off_t)effect->length));
}

static void write_at(const char *path, const unsigned char *bytes, size_t size, uint64_t offset)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return;
	assert(size == 0 || pwrite(file, bytes, size, (off_t)offset) == (ssize_t)size);
	(void)close(file);
}

static void undo(struct crash_machine *machine, struct crash_effect *effect)
{
	switch (effect->kind) {
	case CRASH_EFFECT_DATA:
		tear(machine, effect);
		break;
	case CRASH_EFFECT_CREATED:
		(void)unlink(effect->path);
		break;
	case CRASH_EFFECT_REMOVED:
		make_parents(effect->path);
		may_fail(link(effect->grave, effect->path));
		break;
	case CRASH_EFFECT_EMPTIED:
		make_parents(effect->path);
		(void)mkdir(effect->path, 0700);
		break;
	case CRASH_EFFECT_PAGE:
	case CRASH_EFFECT_TRUNCATED:
		write_at(effect->path, effect->before, effect->before_size, effect->offset);
		may_fail(truncate(effect->path, (off_t)effect->length));
		break;
	}
}

/* Of a database: what was written later than something that was lost. */
static void redo(const struct crash_effect *effect)
{
	if (effect->kind == CRASH_EFFECT_PAGE)
		write_at(effect->path, effect->after, effect->after_size, effect->offset);
	else if (effect->kind == CRASH_EFFECT_TRUNCATED)
		may_fail(truncate(effect->path, (off_t)effect->offset));
}

static bool is_page(const struct crash_effect *effect)
{
	return effect->kind == CRASH_EFFECT_PAGE || effect->kind == CRASH_EFFECT_TRUNCATED;
}

static void crash(struct crash_machine *machine)
{
	bool some = machine->plan.loss == CRASH_LOSES_SOME;
	size_t kept_removals = draw(machine, (unsigned)machine->effect_count + 1);
	for (size_t i = machine->effect_count; i > 0; i--) {
		struct crash_effect *effect = &machine->effects[i - 1];
		bool is_removal = effect->kind == CRASH_EFFECT_REMOVED ||
				  effect->kind == CRASH_EFFECT_EMPTIED;
		effect->lost = !some || (is_removal ? i > kept_removals : draw(machine, 2) == 0);
		if (machine->plan.loss != CRASH_LOSES_NOTHING && (effect->lost || is_page(effect)))
			undo(machine, effect);
	}
	for (size_t i = 0; some && i < machine->effect_count; i++)
		if (!machine->effects[i].lost)
			redo(&machine->effects[i]);
	_exit(CRASH_MACHINE_EXIT);
}

void crash_enter(struct crash_machine *machine)
{
	pthread_mutex_lock(&machine->mutex);
}

void crash_leave(struct crash_machine *machine, enum crash_call kind)
{
	machine->calls[kind]++;
	if (++machine->count == machine->plan.at)
		crash(machine);
	pthread_mutex_unlock(&machine->mutex);
}
