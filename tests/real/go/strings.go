// SPDX-License-Identifier: GPL-2.0-only

// leak: logLine makes strings of C that nobody frees, 200/s; the Go heap stays as it is
package main

/*
#include <stdlib.h>

static int first(const char *text)
{
	return text[0];
}
*/
import "C"

import (
	"strings"
	"time"
)

var line = strings.Repeat("x", 999)

//go:noinline
func logLine() C.int {
	return C.first(C.CString(line))
}

func main() {
	for ; ; time.Sleep(100 * time.Millisecond) {
		for i := 0; i < 20; i++ {
			logLine()
		}
	}
}
