/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery that is cancelled while it writes says which role is not back. */
#include <string.h>

#include "recover_fixture.h"

struct cancelling {
	struct cancel *cancel;
	bool is_asked;
};

static void ask_when_writing(void *context, const char *phase, uint64_t done, uint64_t total)
{
	struct cancelling *cancelling = context;
	(void)done;
	(void)total;
	if (strcmp(phase, "writing") != 0)
		return;
	cancel_request(cancelling->cancel);
	cancelling->is_asked = true;
}

static void test_recover_run_cancelled_between_records_does_not_call_the_role_restored(void **state)
{
	static const char *const roles[] = { "Data", NULL };
	struct recover_fixture *fixture = recover_fixture_new(1, NULL);
	struct cancelling cancelling = { .cancel = cancel_new() };
	struct share_registry shares;
	struct share_address address;
	struct recover_source *source = NULL;
	struct recover_result result;
	(void)state;
	assert_non_null(cancelling.cancel);
	share_registry_init(&shares);
	assert_int_equal(share_address_parse(fixture->service->share_path, "share", &address, NULL),
			 STATUS_OK);
	const struct share_options share = { .address = &address, .deadline = 60000 };
	const struct recover_settings settings = { .shares = &shares,
						   .share = &share,
						   .progress = ask_when_writing,
						   .progress_context = &cancelling };
	assert_int_equal(recover_source_open(&settings, &source, NULL), STATUS_OK);
	char *folder = file_join(fixture->service->folder, "recovered");
	struct recover_options options = { .key = fixture->key,
					   .roles = roles,
					   .directory = folder,
					   .cancel = cancelling.cancel };
	memset(&result, 0, sizeof result);
	assert_int_equal(recover_find(source, "latest", &options.backup, NULL), STATUS_OK);
	assert_int_equal(recover_run(source, &options, &result, NULL), STATUS_CANCELLED);
	assert_true(cancelling.is_asked);
	assert_int_equal(result.role_count, 1);
	assert_int_equal(result.roles[0].status, STATUS_CANCELLED);
	recover_result_done(&result);
	recover_source_close(source);
	cancel_free(cancelling.cancel);
	free(folder);
	recover_fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_recover_run_cancelled_between_records_does_not_call_the_role_restored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
