/* SPDX-License-Identifier: Apache-2.0 */
/* Room on the share for whoever asks the service: figures of the database, no share is touched. */
#include "backup_forecast.h"
#include "backup_private.h"

enum status backup_capacity_get(struct backup_service *service, struct db *state,
				struct backup_capacity *out, struct error *err)
{
	const struct config *config = service->config;
	struct db_location location = { .name = NULL };
	struct db_backup_summary backups;
	enum status status = db_location_get(state, config->deployment.location, &location, err);
	if (status == STATUS_OK)
		status = db_backup_summarize(state, config->deployment.location, &backups, err);
	if (status == STATUS_OK) {
		const struct backup_forecast_facts facts =
			backup_forecast_facts(config, &location, &backups);
		const struct backup_forecast forecast = backup_forecast(&facts);
		*out = (struct backup_capacity) {
			.total = location.path == NULL ? -1 : location.capacity_total,
			.free = facts.free,
			.reserve = facts.reserve,
			.is_forecast = forecast.is_known,
			.kept = forecast.kept,
			.growth = forecast.growth,
			.full = forecast.full,
			.needed = forecast.needed,
			.is_almost_full = forecast.is_almost_full,
			.days_to_full = forecast.days_to_full,
		};
	}
	db_location_done(&location);
	return status;
}
