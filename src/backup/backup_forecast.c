/* SPDX-License-Identifier: Apache-2.0 */
/* Judgements about time and room, from measured figures. */
#include "infrabackup/retention.h"

#include "backup_forecast.h"

#define DAYS_MAX 36500

static uint64_t add(uint64_t left, uint64_t right)
{
	uint64_t sum;
	return __builtin_add_overflow(left, right, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t left, uint64_t right)
{
	uint64_t product;
	return __builtin_mul_overflow(left, right, &product) ? UINT64_MAX : product;
}

struct backup_forecast_facts backup_forecast_facts(const struct config *config,
						   const struct db_location *location,
						   const struct db_backup_summary *backups)
{
	return (struct backup_forecast_facts) {
		.free = location->path == NULL ? -1 : location->capacity_free,
		.backups = *backups,
		.frequency_hours = location->frequency_hours,
		.retention_days = location->retention_days,
		.generation_backups = config->engine.generation_backups,
		.reserve = config->engine.share_reserve,
	};
}

static uint64_t kept_backups(const struct backup_forecast_facts *facts)
{
	int hours = facts->retention_days * 24;
	int kept = (hours + facts->frequency_hours - 1) / facts->frequency_hours;
	return kept < RETENTION_FLOOR ? RETENTION_FLOOR : (uint64_t)kept;
}

static int64_t days_to_full(const struct backup_forecast_facts *facts, uint64_t growth)
{
	double full = (double)facts->backups.full_bytes / facts->generation_backups;
	double per_day = ((double)growth + full) * 24.0 / facts->frequency_hours;
	if (per_day <= 0)
		return -1;
	double days = (double)facts->free / per_day;
	return days > DAYS_MAX ? DAYS_MAX : (int64_t)days;
}

uint64_t backup_forecast_next(const struct db_backup_summary *backups, bool begins_generation)
{
	if (begins_generation)
		return backups->full_bytes;
	return backups->grown_count > 0 ? backups->grown_bytes / backups->grown_count : 0;
}

struct backup_forecast backup_forecast(const struct backup_forecast_facts *facts)
{
	const struct db_backup_summary *backups = &facts->backups;
	struct backup_forecast forecast = { .days_to_full = -1 };
	if (facts->free < 0 || (backups->full_bytes == 0 && backups->grown_count == 0))
		return forecast;
	forecast.is_known = true;
	forecast.kept = kept_backups(facts);
	forecast.growth = backup_forecast_next(backups, false);
	forecast.full = backup_forecast_next(backups, true);
	forecast.needed =
		add(multiply(forecast.kept, forecast.growth), add(forecast.full, facts->reserve));
	forecast.is_almost_full = (uint64_t)facts->free < forecast.needed;
	forecast.days_to_full = days_to_full(facts, forecast.growth);
	return forecast;
}

bool backup_is_overdue(const struct db_location *location, int64_t last_ready_time, int64_t now)
{
	int64_t since = last_ready_time != 0 ? last_ready_time : location->changed_time;
	return location->scheduler_enabled &&
	       now - since > 2 * (int64_t)location->frequency_hours * 60 * 60 * 1000;
}
