// SPDX-License-Identifier: GPL-2.0-only
/* leak: Session::open() makes a function that holds the session that holds the function, 50/s */
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>

struct Session {
	std::string name;
	char buffer[2000] = {};
	std::function<void()> on_close;

	static size_t open(int number)
	{
		auto session = std::make_shared<Session>();

		session->name = "a session with a long name, number " + std::to_string(number);
		session->on_close = [session] { session->name.clear(); };
		return session->name.size();
	}
};

int main()
{
	for (int number = 0;; usleep(100000))
		for (int i = 0; i < 5; i++)
			Session::open(number++);
}
