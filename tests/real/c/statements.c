// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queries of sqlite. "leak": find_user() prepares its statement each time and never finalizes
 * it, 20/s. "healthy": it does; rows are inserted and removed besides.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int find_user(sqlite3 *database, int number, int leak)
{
	sqlite3_stmt *statement;
	char query[100];
	int found;

	snprintf(query, sizeof(query), "select count(*) from users where id > %d", number % 1000);
	if (sqlite3_prepare_v2(database, query, -1, &statement, NULL) != SQLITE_OK)
		_exit(1);
	sqlite3_step(statement);
	found = sqlite3_column_int(statement, 0);
	sqlite3_reset(statement);
	if (!leak)
		sqlite3_finalize(statement);
	return found;
}

static void change(sqlite3 *database, int number)
{
	char query[200];

	snprintf(
		query, sizeof(query),
		"insert into users values(%d, hex(randomblob(200))); delete from users where id < %d",
		number, number - 200);
	sqlite3_exec(database, query, NULL, NULL, NULL);
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");
	sqlite3 *database;

	if (sqlite3_open(":memory:", &database) != SQLITE_OK)
		return 1;
	sqlite3_exec(database, "create table users(id, name)", NULL, NULL, NULL);
	for (int number = 0;; usleep(100000)) {
		for (int i = 0; i < 2; i++) {
			change(database, number);
			find_user(database, number++, leak);
		}
	}
}
