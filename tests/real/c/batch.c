// SPDX-License-Identifier: GPL-2.0-only
/*
 * A job that ends by itself after SECONDS. "healthy": it releases its rows. "leak": read_row()
 * makes a copy of each row that nobody releases.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct row {
	struct row *next;
	char text[500];
};

static volatile unsigned long sum;

static struct row *read_row(int number)
{
	struct row *row = malloc(sizeof(*row));

	memset(row->text, number, sizeof(row->text));
	return row;
}

static void work(int number, int leak)
{
	struct row *rows = NULL;

	for (int i = 0; i < 20; i++) {
		struct row *row = read_row(number + i);

		row->next = rows;
		rows = row;
	}
	while (rows) {
		struct row *row = rows;

		rows = row->next;
		sum += (unsigned long)row->text[0];
		if (!leak)
			free(row);
	}
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");
	int seconds = argc > 2 ? atoi(argv[2]) : 30;

	for (int number = 0; number < 10 * seconds; number++) {
		work(number, leak);
		usleep(100000);
	}
	return 0;
}
