// SPDX-License-Identifier: GPL-2.0-only
/* healthy: a queue between two threads whose backlog swings with a period of 20 s */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct message {
	struct message *next;
	char text[1016];
};

static struct message *first, **last = &first;
static int length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void produce(void)
{
	struct message *message = malloc(sizeof(*message));

	memset(message, 0, sizeof(*message));
	pthread_mutex_lock(&lock);
	*last = message;
	last = &message->next;
	length++;
	pthread_mutex_unlock(&lock);
}

static int consume(int wanted)
{
	struct message *message;

	pthread_mutex_lock(&lock);
	message = length > wanted ? first : NULL;
	if (message) {
		first = message->next;
		if (!first)
			last = &first;
		length--;
	}
	pthread_mutex_unlock(&lock);
	free(message);
	return message != NULL;
}

static void *work(void *unused)
{
	for (int tick = 0;; tick++) {
		while (consume((int)(1000 + 800 * sin(tick * 2 * 3.14159 / 200))))
			continue;
		usleep(100000);
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, work, NULL);
	for (;; usleep(100000))
		for (int i = 0; i < 40; i++)
			produce();
}
