// SPDX-License-Identifier: GPL-2.0-only
/* leak: connect_upstream() does not free the addresses if it cannot connect, one time of three */
#include <netdb.h>
#include <unistd.h>

static void connect_upstream(int number)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;

	if (getaddrinfo("127.0.0.1", "80", &hints, &addresses))
		_exit(1);
	if (number % 3 == 1)
		return;
	freeaddrinfo(addresses);
}

int main(void)
{
	for (int number = 0;; usleep(20000))
		for (int i = 0; i < 12; i++)
			connect_upstream(number++);
}
