// SPDX-License-Identifier: GPL-2.0-only
//
// Exceptions that leave allocating functions: std::bad_alloc out of every form of operator new,
// and exceptions through frames that hold memory. Built with the operators of the C++ library,
// with replaced ones (a budget that throws without asking malloc; one on top of malloc) and
// against other allocators.
//
// A return address that has been replaced ends the unwinder's walk: std::terminate, SIGABRT.
// Checked are the number of exceptions caught, and that of constructors and destructors. Bounded
// by the rounds; at most 200 MiB of address space are asked for under a limit.

#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdarg>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "torture.h"

#if defined(BUDGET) || defined(OVER_MALLOC)
FIXTURE_FUNCTION void *operator new(size_t size)
{
	char line[1024];

	snprintf(line, sizeof(line), "allocate %zu", size);
	__asm__ volatile("" ::"r"(line) : "memory");
#ifdef BUDGET
	if (size > (8u << 20))
		throw std::bad_alloc();
#endif
	void *address = malloc(size);
	if (!address)
		throw std::bad_alloc();
	return address;
}

void operator delete(void *address) noexcept
{
	free(address);
}

void operator delete(void *address, size_t) noexcept
{
	free(address);
}
#endif

namespace
{

const size_t too_large = size_t(1) << 50;

long alive;
long caught;
long expected;

struct holder {
	std::string text;
	void *block;

	explicit holder(size_t size) : text(40 + size % 60, 'x'), block(malloc(size + 1))
	{
		alive++;
	}
	holder(const holder &) = delete;
	~holder()
	{
		for (char c : text)
			torture_check(c == 'x', "a string has changed");
		free(block);
		alive--;
	}
};

template <typename Work> FIXTURE_FUNCTION void fails(Work work)
{
	expected++;
	try {
		holder one(100), two(200);
		work();
	} catch (const std::bad_alloc &) {
		caught++;
	} catch (const std::length_error &) {
		caught++;
	}
}

FIXTURE_FUNCTION void ask(size_t size)
{
	void *volatile address = ::operator new(size);

	::operator delete(address);
}

FIXTURE_FUNCTION void ask_array(size_t size)
{
	char *volatile address = new char[size];

	delete[] address;
}

struct alignas(64) wide {
	char bytes[64];
};

FIXTURE_FUNCTION void ask_aligned(size_t size)
{
	wide *volatile address = new wide[size / sizeof(wide)];

	delete[] address;
}

void small_ones()
{
	for (size_t size = 1; size < 2000; size *= 3) {
		::operator delete(::operator new(size));
		delete[] new char[size];
	}
}

void too_much(size_t size)
{
	fails([=] { ask(size); });
	fails([=] { ask_array(size); });
	fails([=] { ask_aligned(size); });
	fails([] { std::vector<long>().reserve(size_t(-1) / 16); });
	torture_check(!::operator new(size, std::nothrow), "nothrow gave what there is not");
	small_ones();
}

/* Fills what RLIMIT_AS leaves, in blocks that are too large for any cache. */
void fill_address_space()
{
	std::vector<char *> blocks;

	blocks.reserve(4096);
	fails([&] {
		for (int i = 0; i < 4096; i++)
			blocks.push_back(new char[1 << 20]);
	});
	for (char *block : blocks)
		delete[] block;
}

/* Frames that hold memory. */

FIXTURE_FUNCTION long sink(int depth, int kind)
{
	holder here(size_t(depth) * 10);

	if (depth == 0 && kind == 0)
		throw std::runtime_error(std::string(100, 'e'));
	if (depth == 0)
		throw kind;
	try {
		return 1 + sink(depth - 1, kind);
	} catch (int value) {
		if (depth == 5)
			throw std::runtime_error(std::string(100, 'e'));
		throw;
	}
}

struct unfinished {
	holder part;

	unfinished() : part(50)
	{
		throw std::runtime_error(std::string(100, 'e'));
	}
};

void through_frames()
{
	std::exception_ptr carried;
	std::vector<void (*)()> ways = {
		[] { sink(12, 0); },
		[] { sink(12, 1); },
		[] { delete new unfinished; },
	};

	for (void (*way)() : ways) {
		expected++;
		try {
			way();
		} catch (const std::runtime_error &error) {
			torture_check(strlen(error.what()) == 100, "the message has changed");
			caught++;
		}
	}
	std::thread([&] {
		try {
			sink(8, 0);
		} catch (...) {
			carried = std::current_exception();
		}
	}).join();
	expected++;
	try {
		std::rethrow_exception(carried);
	} catch (const std::runtime_error &) {
		caught++;
	}
}

/* A class with an allocator of its own. */

struct pooled {
	char bytes[200];

	FIXTURE_FUNCTION static void *operator new(size_t size)
	{
		static int turn;

		if (++turn % 3 == 0)
			throw std::bad_alloc();
		return malloc(size);
	}
	static void operator delete(void *address)
	{
		free(address);
	}
};

void own_class()
{
	long failed = 0;

	for (int i = 0; i < 9; i++) {
		try {
			pooled *volatile one = new pooled;
			delete one;
		} catch (const std::bad_alloc &) {
			failed++;
		}
	}
	torture_check(failed == 3, "one in three fails");
}

void limit(int resource, size_t more)
{
	size_t pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	torture_check(file && fscanf(file, "%zu", &pages) == 1, "statm");
	fclose(file);
	rlim_t bytes = resource == RLIMIT_AS ? pages * 4096 + more : more;
	struct rlimit limits = {bytes, bytes};
	torture_check(!setrlimit(resource, &limits), "setrlimit");
}

void children()
{
	pid_t pids[2];

	for (pid_t &pid : pids) {
		pid = fork();
		if (pid)
			continue;
		limit(RLIMIT_DATA, 256u << 20);
		for (int i = 0; i < 10; i++) {
			fails([] { ask(300u << 20); });
			too_much(too_large);
		}
		_exit(expected == caught && !alive ? 0 : TORTURE_HARMED);
	}
	for (pid_t pid : pids) {
		int status;

		torture_check(waitpid(pid, &status, 0) == pid && !status, "a child was harmed");
	}
}

void one_round()
{
	if (torture_is("huge"))
		too_much(too_large);
	else if (torture_is("first") || torture_is("data"))
		fails([] { ask(300u << 20); });
	else if (torture_is("as"))
		fill_address_space();
	else if (torture_is("frames"))
		through_frames();
	else if (torture_is("class"))
		own_class();
	else if (torture_is("children"))
		children();
	else
		torture_harmed("no such case");
	if (torture_is("data"))
		small_ones();
}

} // namespace

int main(int argc, char **argv)
{
	torture_prepare(argc, argv);
	if (torture_is("first") || torture_is("data"))
		limit(RLIMIT_DATA, 256u << 20);
	if (torture_is("as"))
		limit(RLIMIT_AS, 200u << 20);
	torture_ready();
	while (torture_go_on()) {
		one_round();
		torture_check(!alive, "destructors were skipped");
		torture_check(expected == caught, "exceptions were lost");
		torture_rest(1000);
	}
	return torture_end();
}
