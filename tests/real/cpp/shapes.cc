// SPDX-License-Identifier: GPL-2.0-only
/*
 * leak: a base class without a virtual destructor: what Circle::Circle() holds is never
 * released
 */
#include <unistd.h>
#include <vector>

struct Shape {
	int kind = 0;
};

struct Circle : Shape {
	std::vector<double> points;

	explicit Circle(size_t count) : points(count, 1.0)
	{
	}
};

__attribute__((noinline)) static Shape *make_shape(size_t count)
{
	return new Circle(count);
}

int main()
{
	for (size_t number = 0;; usleep(100000)) {
		for (int i = 0; i < 10; i++) {
			Shape *shape = make_shape(150 + number++ % 20);

			shape->kind++;
			::operator delete(shape);
		}
	}
}
