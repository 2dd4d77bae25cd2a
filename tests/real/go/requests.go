// SPDX-License-Identifier: GPL-2.0-only

// healthy: requests make garbage, 2 MB/s, and a map keeps the last 1,000
package main

import (
	"fmt"
	"strings"
	"time"
)

type reply struct {
	text string
	rows []string
}

var recent = map[int]*reply{}

//go:noinline
func answer(number int) *reply {
	rows := []string{}
	for i := 0; i < 50; i++ {
		rows = append(rows, fmt.Sprintf("row %d of %d", i, number))
	}
	return &reply{strings.Join(rows, "\n"), rows}
}

func main() {
	for number := 0; ; time.Sleep(100 * time.Millisecond) {
		for i := 0; i < 40; i++ {
			recent[number] = answer(number)
			delete(recent, number-1000)
			number++
		}
	}
}
