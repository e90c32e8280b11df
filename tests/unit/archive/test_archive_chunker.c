/* SPDX-License-Identifier: Apache-2.0 */
/* Content-defined cutting. */
#include <stdlib.h>
#include <string.h>

#include "archive_fixture.h"

#define SAMPLE_SIZE ((size_t)32 << 20)

struct cuts {
	size_t *lengths;
	size_t count;
};

struct sample {
	unsigned char *data;
	struct chunker *chunker;
};

static struct chunker *make_chunker(unsigned char seed)
{
	AUTO_SECRET secret = SECRET_EMPTY;
	struct chunker *chunker = NULL;

	fixture_secret(&secret, seed);
	assert_int_equal(chunker_new(&secret, &chunker, NULL), STATUS_OK);
	return chunker;
}

static void add_cut(struct cuts *cuts, size_t length)
{
	if ((cuts->count & (cuts->count - 1)) == 0)
		cuts->lengths = realloc(cuts->lengths, (cuts->count * 2 + 1) * sizeof(size_t));
	assert_non_null(cuts->lengths);
	cuts->lengths[cuts->count++] = length;
}

static struct cuts cut_all(const struct chunker *chunker, const unsigned char *data, size_t length)
{
	struct cuts cuts = { 0 };

	for (size_t at = 0; at < length;) {
		size_t part = chunker_cut(chunker, data + at, length - at, true);

		assert_true(part > 0 && part <= length - at);
		add_cut(&cuts, part);
		at += part;
	}
	return cuts;
}

/* The same as a reader does it: a window that is refilled by @step bytes. */
static struct cuts cut_in_steps(const struct chunker *chunker, const unsigned char *data,
				size_t length, size_t step)
{
	struct cuts cuts = { 0 };
	size_t at = 0;
	size_t end = 0;

	while (at < length) {
		size_t part = chunker_cut(chunker, data + at, end - at, end == length);

		if (part == 0) {
			assert_true(end < length && end - at < ARCHIVE_CHUNK_MAX);
			end = length - end > step ? end + step : length;
			continue;
		}
		add_cut(&cuts, part);
		at += part;
	}
	return cuts;
}

static bool are_equal(const struct cuts *left, const struct cuts *right)
{
	return left->count == right->count &&
	       memcmp(left->lengths, right->lengths, left->count * sizeof(size_t)) == 0;
}

static int make_sample(void **state)
{
	struct sample *sample = calloc(1, sizeof(*sample));

	assert_non_null(sample);
	sample->data = malloc(SAMPLE_SIZE);
	assert_non_null(sample->data);
	fixture_random(sample->data, SAMPLE_SIZE, 1);
	sample->chunker = make_chunker(1);
	*state = sample;
	return 0;
}

static int free_sample(void **state)
{
	struct sample *sample = *state;

	chunker_free(sample->chunker);
	free(sample->data);
	free(sample);
	return 0;
}

static void test_cut_random_data_keeps_bounds_and_mean(void **state)
{
	const struct sample *sample = *state;
	struct cuts cuts = cut_all(sample->chunker, sample->data, SAMPLE_SIZE);
	size_t mean = SAMPLE_SIZE / cuts.count;

	for (size_t i = 0; i + 1 < cuts.count; i++) {
		assert_in_range(cuts.lengths[i], ARCHIVE_CHUNK_MIN, ARCHIVE_CHUNK_MAX);
	}
	assert_true(cuts.lengths[cuts.count - 1] <= ARCHIVE_CHUNK_MAX);
	assert_in_range(mean, 48u << 10, 96u << 10);
	free(cuts.lengths);
}

static void test_cut_same_secret_same_cuts_other_secret_others(void **state)
{
	const struct sample *sample = *state;
	struct chunker *same = make_chunker(1);
	struct chunker *other = make_chunker(2);
	struct cuts first = cut_all(sample->chunker, sample->data, SAMPLE_SIZE);
	struct cuts second = cut_all(same, sample->data, SAMPLE_SIZE);
	struct cuts third = cut_all(other, sample->data, SAMPLE_SIZE);

	assert_true(are_equal(&first, &second));
	assert_false(are_equal(&first, &third));
	free(first.lengths);
	free(second.lengths);
	free(third.lengths);
	chunker_free(same);
	chunker_free(other);
}

/* Another cutter would cost every share a whole new copy of its data: these lengths are for ever.
 */
static void test_cut_is_that_of_earlier_versions(void **state)
{
	static const size_t expected[] = {
		54271, 19667, 106481, 104519, 58883, 72857, 68061, 59602
	};
	const struct sample *sample = *state;
	struct cuts cuts = cut_all(sample->chunker, sample->data, (size_t)1 << 20);

	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
		assert_int_equal(cuts.lengths[i], expected[i]);
	free(cuts.lengths);
}

static int compare_ends(const void *left, const void *right)
{
	size_t a = *(const size_t *)left;
	size_t b = *(const size_t *)right;

	return (a > b) - (a < b);
}

/* Ends of chunks, in the coordinates of the data without the insertion. */
static void to_ends(struct cuts *cuts, size_t inserted)
{
	size_t at = 0;

	for (size_t i = 0; i < cuts->count; i++) {
		at += cuts->lengths[i];
		cuts->lengths[i] = at - inserted;
	}
}

static void test_cut_after_insertion_in_front_resynchronizes(void **state)
{
	static const size_t insertions[] = { 1, 100, 5000, 100000 };
	const struct sample *sample = *state;
	struct cuts before = cut_all(sample->chunker, sample->data, SAMPLE_SIZE);

	to_ends(&before, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(insertions); i++) {
		size_t inserted = insertions[i];
		unsigned char *data = malloc(SAMPLE_SIZE + inserted);
		size_t found = 0;

		assert_non_null(data);
		fixture_random(data, inserted, 99);
		memcpy(data + inserted, sample->data, SAMPLE_SIZE);
		struct cuts after = cut_all(sample->chunker, data, SAMPLE_SIZE + inserted);
		to_ends(&after, inserted);
		/* A chunk is the same when both its ends are: two neighbours found. */
		bool previous = false;
		for (size_t j = 0; j < before.count; j++) {
			bool is_there = bsearch(&before.lengths[j], after.lengths, after.count,
						sizeof(size_t), compare_ends) != NULL;

			found += is_there && previous;
			previous = is_there;
		}
		assert_true(found * 10 > before.count * 9);
		free(after.lengths);
		free(data);
	}
	free(before.lengths);
}

static void test_cut_in_windows_of_any_size_is_the_same(void **state)
{
	static const size_t steps[] = { 1009, 4096, 65536, 100003, 262144, 1048576 };
	const struct sample *sample = *state;
	size_t length = (size_t)4 << 20;
	struct cuts whole = cut_all(sample->chunker, sample->data, length);

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		struct cuts parts = cut_in_steps(sample->chunker, sample->data, length, steps[i]);

		assert_true(are_equal(&whole, &parts));
		free(parts.lengths);
	}
	free(whole.lengths);
}

static void test_cut_tiny_and_empty_input_is_one_chunk_or_none(void **state)
{
	static const size_t lengths[] = { 1, 2, 100, ARCHIVE_CHUNK_MIN - 1, ARCHIVE_CHUNK_MIN };
	const struct sample *sample = *state;

	assert_int_equal(chunker_cut(sample->chunker, sample->data, 0, true), 0);
	assert_int_equal(chunker_cut(sample->chunker, sample->data, 0, false), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		assert_int_equal(chunker_cut(sample->chunker, sample->data, lengths[i], true),
				 lengths[i]);
		assert_int_equal(chunker_cut(sample->chunker, sample->data, lengths[i], false), 0);
	}
}

static void test_cut_constant_data_ends_at_the_maximum(void **state)
{
	const struct sample *sample = *state;
	unsigned char *zeros = calloc(2, ARCHIVE_CHUNK_MAX);
	size_t cut;

	assert_non_null(zeros);
	cut = chunker_cut(sample->chunker, zeros, (size_t)2 * ARCHIVE_CHUNK_MAX, false);
	assert_int_equal(cut, ARCHIVE_CHUNK_MAX);
	/* One byte less than that could still go on. */
	assert_int_equal(chunker_cut(sample->chunker, zeros, ARCHIVE_CHUNK_MAX - 1, false), 0);
	assert_int_equal(chunker_cut(sample->chunker, zeros, ARCHIVE_CHUNK_MAX - 1, true),
			 ARCHIVE_CHUNK_MAX - 1);
	free(zeros);
}

static void test_chunk_hash_is_the_derived_hmac(void **state)
{
	AUTO_SECRET secret = SECRET_EMPTY;
	AUTO_SECRET key = SECRET_EMPTY;
	struct keyed_hash *made = NULL;
	struct keyed_hash *expected = NULL;
	unsigned char left[SHA256_SIZE];
	unsigned char right[SHA256_SIZE];

	(void)state;
	fixture_secret(&secret, 5);
	fixture_derived(&secret, "infrabackup-1 chunk", &key);
	assert_int_equal(archive_chunk_hash_new(&secret, &made, NULL), STATUS_OK);
	assert_int_equal(keyed_hash_new(&key, &expected, NULL), STATUS_OK);
	keyed_hash_digest(made, "content", 7, left);
	keyed_hash_digest(expected, "content", 7, right);
	assert_memory_equal(left, right, SHA256_SIZE);
	keyed_hash_free(made);
	keyed_hash_free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_random_data_keeps_bounds_and_mean),
		cmocka_unit_test(test_cut_same_secret_same_cuts_other_secret_others),
		cmocka_unit_test(test_cut_is_that_of_earlier_versions),
		cmocka_unit_test(test_cut_after_insertion_in_front_resynchronizes),
		cmocka_unit_test(test_cut_in_windows_of_any_size_is_the_same),
		cmocka_unit_test(test_cut_tiny_and_empty_input_is_one_chunk_or_none),
		cmocka_unit_test(test_cut_constant_data_ends_at_the_maximum),
		cmocka_unit_test(test_chunk_hash_is_the_derived_hmac),
	};

	return cmocka_run_group_tests(tests, make_sample, free_sample);
}
