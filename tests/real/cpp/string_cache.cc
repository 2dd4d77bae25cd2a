// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: a cache of 2,000 strings by key that is emptied when it is full, and a vector that
 * is reused
 */
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

static std::unordered_map<int, std::string> cache;

static const std::string &render(int key)
{
	if (cache.size() >= 2000)
		cache.clear();
	return cache.emplace(key, std::string(400 + key % 500, 'x')).first->second;
}

int main()
{
	std::vector<std::string> page;

	for (int number = 0;; usleep(100000)) {
		page.clear();
		for (int i = 0; i < 30; i++)
			page.push_back(render(number++));
	}
}
