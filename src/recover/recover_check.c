/* SPDX-License-Identifier: Apache-2.0 */
/* Verification in steps: the parts of recover_verify() one by one. */
#include <string.h>

#include "recover_verify_private.h"

struct recover_check {
	struct verify_run run;
	struct verified_backup backup;
	struct recover_verify_result result;
};

enum status recover_check_open(struct recover_source *source, const struct recover_backup *backup,
			       const struct private_key *key, struct recover_check **out,
			       struct error *err)
{
	struct recover_check *check = calloc(1, sizeof *check);
	if (check == NULL)
		return fail_memory(err, "check backup");
	check->run = (struct verify_run) {
		.source = source, .key = key, .result = &check->result, .backups = &check->backup
	};
	enum status status = recover_verify_begin(&check->run, backup, err);
	if (status == STATUS_OK)
		*out = check;
	else
		recover_check_close(check);
	return status;
}

void recover_check_close(struct recover_check *check)
{
	if (check == NULL)
		return;
	recover_keys_done(&check->backup.keys);
	secret_free(&check->backup.dedup_secret);
	recover_verify_result_done(&check->result);
	free(check);
}

const struct recover_findings *recover_check_findings(const struct recover_check *check)
{
	return &check->result.findings;
}

bool recover_check_is_open(const struct recover_check *check)
{
	return check->backup.has_keys && check->backup.manifest_is_sound;
}

struct pack_watch {
	const struct recover_pack *packs;
	enum status (*each)(const struct recover_pack_verdict *verdict, void *context,
			    struct error *err);
	void *context;
};

static enum status tell(const struct recover_pack *pack, void *context, struct error *err)
{
	const struct pack_watch *watch = context;
	const struct recover_pack_verdict verdict = {
		.choice = (size_t)(pack - watch->packs),
		.is_sound = pack->is_sound,
		.is_opened = pack->is_sound && pack->dedup_secret != NULL,
		.problem = pack->problem,
	};
	return watch->each(&verdict, watch->context, err);
}

enum status recover_check_packs(struct recover_source *source,
				const struct recover_pack_choice *choices, size_t count,
				enum status (*each)(const struct recover_pack_verdict *verdict,
						    void *context, struct error *err),
				void *context, struct error *err)
{
	struct recover_pack *packs = calloc(count + 1, sizeof *packs);
	if (packs == NULL)
		return fail_memory(err, "check packs");
	for (size_t i = 0; i < count; i++) {
		const struct verified_backup *backup = &choices[i].check->backup;
		recover_verify_fill_pack(backup, &backup->backup->record->packs[choices[i].pack],
					 &packs[i]);
	}
	struct pack_watch context_of_all = { packs, each, context };
	const struct recover_packs_watch watch = { tell, &context_of_all };
	enum status status = recover_packs_check(source, packs, count, &watch, err);
	for (size_t i = 0; i < count; i++)
		free(packs[i].plain_lengths);
	free(packs);
	return status;
}

enum status recover_check_files(struct recover_check *check,
				const struct recover_files_check *files, struct error *err)
{
	check->run.stepwise = files;
	return recover_verify_manifest(&check->run, &check->backup, err);
}
