# SPDX-License-Identifier: GPL-2.0-only
#
# "leak": subscribe() keeps the observers of all requests. "healthy": those of the last 500.
LEAK = ARGV[0] == "leak"
$observers = []

def subscribe(number)
  $observers << { number: number, name: "observer #{number}", text: "x" * 1500 }
  $observers.shift if !LEAK && $observers.size > 500
end

number = 0
loop do
  20.times { subscribe(number += 1) }
  sleep 0.1
end
