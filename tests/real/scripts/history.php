<?php // SPDX-License-Identifier: GPL-2.0-only
// "leak": handle() keeps a record of each request in a static array. "healthy": of the last 500.
function handle(int $number, bool $leak): void
{
    static $history = [];

    $text = str_repeat("x$number", 100);
    $history[$number] = ["number" => $number, "text" => $text, "tags" => [1, 2, $number]];
    if (!$leak)
        unset($history[$number - 500]);
}

for ($number = 0;; usleep(100000))
    for ($i = 0; $i < 40; $i++)
        handle($number++, $argv[1] === "leak");
