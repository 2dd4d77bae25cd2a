// SPDX-License-Identifier: GPL-2.0-only

// leak: checkHealth does not close the body of the answer, 2/s; client and server are one process
package main

import (
	"bytes"
	"net"
	"net/http"
	"time"
)

//go:noinline
func checkHealth(url string) bool {
	answer, err := http.Get(url)
	return err == nil && answer.StatusCode == 200
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	text := bytes.Repeat([]byte("x"), 100000)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(text)
	}))
	for ; ; time.Sleep(500 * time.Millisecond) {
		checkHealth("http://" + listener.Addr().String())
	}
}
