// SPDX-License-Identifier: GPL-2.0-only

// leak: fetch starts a goroutine whose second answer nobody takes, 100/s
package main

import "time"

//go:noinline
func fetch(number int) int {
	answers := make(chan int)
	go func() {
		var buffer [1000]byte
		buffer[number%1000] = 1
		answers <- number
		answers <- int(buffer[0])
	}()
	return <-answers
}

func main() {
	for number := 0; ; time.Sleep(100 * time.Millisecond) {
		for i := 0; i < 10; i++ {
			fetch(number)
			number++
		}
	}
}
