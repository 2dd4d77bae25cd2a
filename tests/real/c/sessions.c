// SPDX-License-Identifier: GPL-2.0-only
/* leak: open_session() keeps each session in a list that nothing ever shortens, 100 KiB/s */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct session *next;
	char state[1016];
};

static struct session *sessions;

static void open_session(int number)
{
	struct session *session = malloc(sizeof(*session));

	memset(session->state, number, sizeof(session->state));
	session->next = sessions;
	sessions = session;
}

int main(void)
{
	for (int number = 0;; usleep(100000))
		for (int i = 0; i < 10; i++)
			open_session(number++);
}
