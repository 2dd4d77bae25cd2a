// SPDX-License-Identifier: GPL-2.0-only

// leak: addSession keeps each session in a map of the package, 500 KB/s
package main

import "time"

type session struct {
	number int
	buffer []byte
}

var sessions = map[int]*session{}

//go:noinline
func addSession(number int) {
	buffer := make([]byte, 10000)
	for i := range buffer {
		buffer[i] = 1
	}
	sessions[number] = &session{number, buffer}
}

func main() {
	for number := 0; ; time.Sleep(100 * time.Millisecond) {
		for i := 0; i < 5; i++ {
			addSession(number)
			number++
		}
	}
}
