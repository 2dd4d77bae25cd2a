// SPDX-License-Identifier: GPL-2.0-only
/* The encoding of lifetimes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/sample.h"

static void test_histogram(void **state)
{
	uint64_t buckets[SEEP_LIFETIME_BUCKETS] = {0}, read[SEEP_LIFETIME_BUCKETS];
	uint8_t bytes[SEEP_HISTOGRAM_MAX];

	(void)state;
	assert_int_equal(seep_histogram_encode(buckets, bytes), 0);
	assert_int_equal(seep_histogram_decode(NULL, 0, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
	/* The example of docs/capture.md. */
	buckets[3] = 5;
	buckets[5] = 300;
	assert_int_equal(seep_histogram_encode(buckets, bytes), 5);
	assert_memory_equal(bytes, "\x03\x05\x00\xac\x02", 5);
	assert_int_equal(seep_histogram_decode(bytes, 5, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
	memset(buckets, 0xff, sizeof(buckets));
	assert_int_equal(seep_histogram_encode(buckets, bytes), SEEP_HISTOGRAM_MAX);
	assert_int_equal(seep_histogram_decode(bytes, SEEP_HISTOGRAM_MAX, read), 0);
	assert_memory_equal(buckets, read, sizeof(read));
}

static void test_bad_histograms(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
		{"\x28\x01", 2},				      /* no such bucket */
		{"\x27\x01\x01", 3},				      /* one too many */
		{"\x00\x80", 2},				      /* a number without an end */
		{"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* 65 bits */
		{"\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12}, /* 70 bits */
	};
	uint64_t read[SEEP_LIFETIME_BUCKETS];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seep_histogram_decode((const uint8_t *)bad[i].bytes, bad[i].length,
						       read),
				 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_bad_histograms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
