// Go's server of the suite http: a goroutine for each connection, on TCP and not on net/http. How
// it is called, and what it answers: benchmarks/servers/server.h.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"
)

var reply = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!")
var endOfRequest = []byte("\r\n\r\n")

func replyTo(peer net.Conn) {
	defer peer.Close()
	buffer := make([]byte, 4096)
	used := 0
	for {
		count, err := peer.Read(buffer[used:])
		if err != nil {
			return
		}
		used += count
		begin := 0
		for {
			end := bytes.Index(buffer[begin:used], endOfRequest)
			if end < 0 {
				break
			}
			begin += end + len(endOfRequest)
			if _, err := peer.Write(reply); err != nil {
				return
			}
		}
		copy(buffer, buffer[begin:used])
		used -= begin
		if used == len(buffer) {
			used = 0
		}
	}
}

func echo(peer net.Conn) {
	defer peer.Close()
	buffer := make([]byte, 64*1024)
	for {
		count, err := peer.Read(buffer)
		if err != nil {
			return
		}
		if _, err := peer.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func compute() {
	for {
		for until := time.Now().Add(2 * time.Millisecond); time.Now().Before(until); {
		}
		runtime.Gosched()
	}
}

func main() {
	workers, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	runtime.GOMAXPROCS(workers)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if os.Args[1] == "mixed" {
		for i := 0; i < workers; i++ {
			go compute()
		}
	}
	for {
		peer, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		if os.Args[1] == "echo" {
			go echo(peer)
		} else {
			go replyTo(peer)
		}
	}
}
