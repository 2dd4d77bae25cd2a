// SPDX-License-Identifier: GPL-2.0-only
// leak: on_connect() makes a connection and a handler that hold each other, 100/s

use std::sync::{Arc, Mutex};
use std::{thread::sleep, time::Duration};

struct Connection {
    buffer: Vec<u8>,
    handler: Mutex<Option<Arc<Handler>>>,
}

struct Handler {
    connection: Mutex<Option<Arc<Connection>>>,
}

#[inline(never)]
fn on_connect() -> usize {
    let connection = Arc::new(Connection { buffer: vec![1u8; 1000], handler: Mutex::new(None) });
    let handler = Arc::new(Handler { connection: Mutex::new(None) });
    *handler.connection.lock().unwrap() = Some(connection.clone());
    *connection.handler.lock().unwrap() = Some(handler);
    connection.buffer.len()
}

fn main() {
    let mut sum = 0;
    loop {
        for _ in 0..10 {
            sum += on_connect();
            std::hint::black_box(Vec::<u8>::with_capacity(300 + sum % 7));
        }
        sleep(Duration::from_millis(100));
    }
}
