// SPDX-License-Identifier: GPL-2.0-only
/* leak: Journal::append() fills a vector of strings that is never shortened */
#include <string>
#include <unistd.h>
#include <vector>

class Journal
{
      public:
	void append(int number)
	{
		lines.push_back("line " + std::to_string(number) + std::string(1000, 'x'));
	}

      private:
	std::vector<std::string> lines;
};

int main()
{
	Journal journal;

	for (int number = 0;; usleep(100000))
		for (int i = 0; i < 10; i++)
			journal.append(number++);
}
