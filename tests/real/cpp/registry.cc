// SPDX-License-Identifier: GPL-2.0-only
/*
 * leak: Registry::login() adds to a map by name; users log out under another name, which erases
 * none
 */
#include <map>
#include <memory>
#include <string>
#include <unistd.h>

struct User {
	std::string name;
	char profile[800] = {};
};

class Registry
{
      public:
	void login(const std::string &name)
	{
		users[name] = std::make_unique<User>(User{name});
	}

	void logout(const std::string &name)
	{
		users.erase(name);
	}

      private:
	std::map<std::string, std::unique_ptr<User>> users;
};

int main()
{
	Registry registry;

	for (int number = 0;; usleep(100000)) {
		for (int i = 0; i < 10; i++) {
			registry.login("User-" + std::to_string(number));
			registry.logout("user-" + std::to_string(number++));
		}
	}
}
