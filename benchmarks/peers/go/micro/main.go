// Go beside magpie: the programs of the suites spawn, yield, timers, channel, mutex, timeout,
// cpu_hop and wake. Each does what the head of benchmarks/SUITE.cc says, with Go's own means.
// How it is called: benchmarks/peer_process.h.
package main

import (
	"context"
	"runtime"
	"sync"
	"time"

	"peers/meter"
)

func nothing() {}

func joinAll(tasks int) {
	var all sync.WaitGroup
	all.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			nothing()
			all.Done()
		}()
	}
	all.Wait()
}

func oneByOne(tasks int) {
	for i := 0; i < tasks; i++ {
		done := make(chan struct{})
		go func() {
			nothing()
			close(done)
		}()
		<-done
	}
}

// each runs body in so many goroutines and waits for all of them.
func each(tasks int, body func(index int)) {
	var all sync.WaitGroup
	all.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func(index int) {
			body(index)
			all.Done()
		}(i)
	}
	all.Wait()
}

func takeTurns(tasks, yields int) {
	each(tasks, func(int) {
		for i := 0; i < yields/tasks; i++ {
			runtime.Gosched()
		}
	})
}

func sleep1To10ms(sleepers int) {
	each(sleepers, func(i int) {
		time.Sleep(time.Millisecond + time.Duration(90*(i*7919%sleepers)))
	})
}

func pingPong(roundTrips int) {
	ping := make(chan int, 1)
	pong := make(chan int, 1)
	go func() {
		for value := range ping {
			pong <- value
		}
		close(pong)
	}()
	for i := 0; i < roundTrips; i++ {
		ping <- i
		<-pong
	}
	close(ping)
	<-pong
}

func bounded(producers, consumers, items int) {
	channel := make(chan int, 1024)
	go func() {
		each(producers, func(int) {
			for i := 0; i < items/producers; i++ {
				channel <- i
			}
		})
		close(channel)
	}()
	each(consumers, func(int) {
		for range channel {
		}
	})
}

func lockOften(tasks, locks int) {
	var mutex sync.Mutex
	count := 0
	each(tasks, func(int) {
		for i := 0; i < locks/tasks; i++ {
			mutex.Lock()
			count++
			mutex.Unlock()
		}
	})
}

// The operation is a function that returns at once; whoever wants to end it early uses the context.
func timeoutReady(times int) {
	for i := 0; i < times; i++ {
		limited, cancel := context.WithTimeout(context.Background(), time.Second)
		if limited.Err() == nil {
			nothing()
		}
		cancel()
	}
}

// A goroutine that owns its thread, as one does that makes blocking calls.
func throughBlocking(roundTrips int) {
	calls := make(chan int)
	answers := make(chan int)
	go func() {
		runtime.LockOSThread()
		for call := range calls {
			answers <- call
		}
	}()
	for i := 0; i < roundTrips; i++ {
		calls <- i
		<-answers
	}
	close(calls)
}

// From a goroutine that owns its thread, which is no other's worker while it waits.
func wake() {
	runtime.LockOSThread()
	var latencies []time.Duration
	for i := 0; i < 2000; i++ {
		time.Sleep(100 * time.Microsecond)
		begun := make(chan time.Time, 1)
		called := time.Now()
		go func() { begun <- time.Now() }()
		latencies = append(latencies, (<-begun).Sub(called))
	}
	meter.PrintLatencies(latencies)
}

func main() {
	row, length := meter.Arguments()
	run := func(operations int, program func()) { meter.Run(operations, length, program) }
	switch row {
	case "spawn/join_all/go":
		run(1000, func() { joinAll(1000) })
	case "spawn/join_million/go":
		run(1000000, func() { joinAll(1000000) })
	case "spawn/one_by_one/go":
		run(1000, func() { oneByOne(1000) })
	case "yield/alone/go":
		run(100000, func() { takeTurns(1, 100000) })
	case "yield/two_tasks/go":
		run(100000, func() { takeTurns(2, 100000) })
	case "yield/thousand_tasks/go":
		run(100000, func() { takeTurns(1000, 100000) })
	case "timers/sleep_1_to_10_ms/go":
		run(100000, func() { sleep1To10ms(100000) })
	case "channel/ping_pong/go":
		run(20000, func() { pingPong(10000) })
	case "channel/bounded_1_1/go":
		run(100000, func() { bounded(1, 1, 100000) })
	case "channel/bounded_4_1/go":
		run(100000, func() { bounded(4, 1, 100000) })
	case "channel/bounded_4_4/go":
		run(100000, func() { bounded(4, 4, 100000) })
	case "mutex/free/go":
		run(100000, func() { lockOften(1, 100000) })
	case "mutex/contended/go":
		run(100000, func() { lockOften(100, 100000) })
	case "timeout/ready/go":
		run(10000, func() { timeoutReady(10000) })
	case "cpu_hop/blocking/go":
		run(100, func() { throughBlocking(100) })
	case "wake/spawn/go":
		wake()
	default:
		panic("no such row: " + row)
	}
}
