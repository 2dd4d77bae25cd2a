// SPDX-License-Identifier: GPL-2.0-only
// leak: intern() makes each name live for ever; names never come again, 200/s

use std::{thread::sleep, time::Duration};

#[inline(never)]
fn intern(number: u64) -> &'static str {
    Box::leak(format!("{:0600}", number).into_boxed_str())
}

fn main() {
    let mut number = 0;
    loop {
        for _ in 0..20 {
            std::hint::black_box(intern(number));
            number += 1;
        }
        sleep(Duration::from_millis(100));
    }
}
