// SPDX-License-Identifier: GPL-2.0-only
/*
 * leak: parse_request() forgets its copy of a bad request, one of twenty; the others are
 * released
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile unsigned long sum;

static int parse_request(const char *text, size_t size, int number)
{
	char *copy = malloc(size);

	memcpy(copy, text, size);
	if (number % 20 == 7)
		return -1;
	for (size_t i = 0; i < size; i++)
		sum += copy[i];
	free(copy);
	return 0;
}

int main(void)
{
	static char text[4000];
	int errors = 0;

	for (int number = 0;; usleep(100000))
		for (int i = 0; i < 60; i++)
			errors += parse_request(text, sizeof(text) - (size_t)i, number++);
	return errors;
}
