// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: events pass through a deque and a map of those that wait, 200/s; each is gone after
 * 3 s
 */
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>

struct Event {
	int number;
	std::string text;
};

int main()
{
	std::deque<std::shared_ptr<Event>> queue;
	std::map<int, std::shared_ptr<Event>> waiting;

	for (int number = 0;; usleep(100000)) {
		for (int i = 0; i < 20; i++, number++) {
			auto event = std::make_shared<Event>();

			event->number = number;
			event->text = std::string(800, 'x') + std::to_string(number);
			queue.push_back(event);
			waiting[number] = event;
		}
		while (queue.size() > 600) {
			waiting.erase(queue.front()->number);
			queue.pop_front();
		}
	}
}
