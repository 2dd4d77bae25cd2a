// SPDX-License-Identifier: GPL-2.0-only
//
// Coroutines of C++20: their frames come from operator new, or from a class-specific one that
// throws; they yield, are resumed by another thread, end by an exception, or are destroyed half-
// way.
//
// Checked are the values, the number of exceptions and of destructors. Bounded by one coroutine
// and one other thread at a time.

#include <coroutine>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "torture.h"

namespace
{

long alive;

struct held {
	std::string text;

	held() : text(200, 'h')
	{
		alive++;
	}
	~held()
	{
		torture_check(text == std::string(200, 'h'), "a string has changed");
		alive--;
	}
};

struct numbers {
	struct promise_type {
		long value = 0;
		std::exception_ptr thrown;

		FIXTURE_FUNCTION static void *operator new(size_t size)
		{
			static int turn;

			if (++turn % 5 == 0)
				throw std::bad_alloc();
			return ::operator new(size);
		}
		FIXTURE_FUNCTION static void operator delete(void *address)
		{
			::operator delete(address);
		}

		numbers get_return_object()
		{
			return {std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_always final_suspend() noexcept
		{
			return {};
		}
		std::suspend_always yield_value(long next)
		{
			value = next;
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			thrown = std::current_exception();
		}
	};

	std::coroutine_handle<promise_type> handle;
};

numbers count(long last, bool fail)
{
	held first;

	for (long i = 1; i <= last; i++) {
		held second;

		co_yield i;
	}
	if (fail)
		throw std::runtime_error(std::string(100, 'e'));
}

/* 1: failed by exception, 2: no memory for the frame */
int one_coroutine(long last, bool fail, bool destroy_early)
{
	numbers one = {};

	try {
		one = count(last, fail);
	} catch (const std::bad_alloc &) {
		return 2;
	}
	for (long i = 1; i <= last; i++) {
		if (i % 3)
			one.handle.resume();
		else
			std::thread([&] { one.handle.resume(); }).join();
		torture_check(one.handle.promise().value == i, "another value");
	}
	if (!destroy_early)
		one.handle.resume();
	std::exception_ptr thrown = one.handle.promise().thrown;
	one.handle.destroy();
	return thrown != nullptr;
}

} // namespace

int main(int argc, char **argv)
{
	long failed = 0, without = 0, turns = 0;

	torture_prepare(argc, argv);
	torture_ready();
	while (torture_go_on()) {
		for (int i = 0; i < 10; i++, turns++) {
			int result = one_coroutine(7, true, false);

			failed += result == 1;
			without += result == 2;
		}
		for (int i = 0; i < 5; i++, turns++)
			without += one_coroutine(5, true, true) == 2;
		torture_check(without == turns / 5, "one frame in five fails");
		torture_check(failed + without >= turns * 2 / 3, "exceptions were lost");
		torture_check(!alive, "destructors were skipped");
		torture_rest(1000);
	}
	return torture_end();
}
