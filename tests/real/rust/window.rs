// SPDX-License-Identifier: GPL-2.0-only
// healthy: a window of the last 1,000 requests, and a table by key that is pruned

use std::collections::{HashMap, VecDeque};
use std::{thread::sleep, time::Duration};

fn main() {
    let mut window: VecDeque<String> = VecDeque::new();
    let mut table: HashMap<u64, Vec<u8>> = HashMap::new();
    let mut number = 0u64;
    loop {
        for _ in 0..30 {
            window.push_back(format!("{:0700}", number));
            table.insert(number, vec![1u8; 200 + (number % 400) as usize]);
            if window.len() > 1000 {
                window.pop_front();
                table.remove(&(number - 1000));
            }
            number += 1;
        }
        sleep(Duration::from_millis(100));
    }
}
