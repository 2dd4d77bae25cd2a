// SPDX-License-Identifier: GPL-2.0-only
/* leak: a handler is left by longjmp, so that what parse() throws is never released, 200/s */
#include <csetjmp>
#include <stdexcept>
#include <string>
#include <unistd.h>

static jmp_buf failed;

__attribute__((noinline)) static void parse(int number)
{
	throw std::runtime_error(std::string(1000, 'x') + std::to_string(number));
}

__attribute__((noinline)) static void handle(int number)
{
	try {
		parse(number);
	} catch (const std::exception &) {
		longjmp(failed, 1);
	}
}

int main()
{
	for (static int number = 0;; number++) {
		if (!setjmp(failed))
			handle(number);
		usleep(5000);
	}
}
