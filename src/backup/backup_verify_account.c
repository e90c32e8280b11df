/* SPDX-License-Identifier: Apache-2.0 */
/* How much a verification that nobody asked for may read: a bucket that holds one day's bytes and
 * fills evenly. */
#include <inttypes.h>
#include <stdio.h>

#include "backup_verify.h"

#define SETTING_SPENT "verify-spent" /* "<ms> <bytes>": not yet flowed out at that time */

struct account {
	int64_t time;
	uint64_t spent;
};

static enum status read_account(struct db *state, struct account *out, struct error *err)
{
	struct buffer text;
	*out = (struct account) { 0, 0 };
	buffer_init(&text, 256);
	enum status status = db_setting_get(state, SETTING_SPENT, &text, err);
	if (status == STATUS_OK &&
	    sscanf((const char *)text.data, "%" SCNd64 " %" SCNu64, &out->time, &out->spent) != 2)
		status = fail(err, STATUS_INTEGRITY, "read account of verification", SETTING_SPENT,
			      "the setting has another form than this program writes");
	buffer_done(&text);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What is still held against the service at @now. A clock that was set back lets nothing flow. */
static uint64_t still_spent(const struct backup_service *service, const struct account *account,
			    int64_t now)
{
	uint64_t budget = service->config->engine.verify_bytes_per_day;
	if (now <= account->time)
		return account->spent;
	double flowed = (double)budget * ((double)(now - account->time) / (double)VERIFY_DAY_MS);
	return flowed >= (double)account->spent ? 0 : account->spent - (uint64_t)flowed;
}

enum status verify_account_left(const struct backup_service *service, struct db *state, int64_t now,
				uint64_t *left, struct error *err)
{
	struct account account;
	uint64_t budget = service->config->engine.verify_bytes_per_day;
	enum status status = read_account(state, &account, err);
	if (status != STATUS_OK)
		return status;
	uint64_t spent = still_spent(service, &account, now);
	*left = spent < budget ? budget - spent : 0;
	return STATUS_OK;
}

enum status verify_account_spend(const struct backup_service *service, struct db *state,
				 int64_t now, uint64_t bytes, struct error *err)
{
	struct account account;
	char value[64];
	enum status status = read_account(state, &account, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(value, sizeof value, "%" PRId64 " %" PRIu64, now,
		       still_spent(service, &account, now) + bytes);
	return db_setting_set(state, SETTING_SPENT, value, err);
}
