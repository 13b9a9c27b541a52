// Package meter is what the programs of this module share: how they are called and what they print
// (benchmarks/peer_process.h).
package meter

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// Arguments gives the row, and for about how long to repeat it. It sets the number of workers.
func Arguments() (string, time.Duration) {
	if len(os.Args) != 4 {
		panic("usage: PROGRAM ROW WORKERS SECONDS")
	}
	workers, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	if err != nil {
		panic(err)
	}
	runtime.GOMAXPROCS(workers)
	return os.Args[1], time.Duration(seconds * float64(time.Second))
}

func processCPUTime() time.Duration {
	const clockProcessCPUTimeID = 2
	var now syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockProcessCPUTimeID, uintptr(unsafe.Pointer(&now)), 0)
	return time.Duration(now.Nano())
}

// Run prints what one operation takes, where program does all of them once.
func Run(operations int, length time.Duration, program func()) {
	program()
	cpu := processCPUTime()
	start := time.Now()
	times := 0
	for times == 0 || time.Since(start) < length {
		program()
		times++
	}
	all := float64(times * operations)
	wall := float64(time.Since(start)) / all
	fmt.Printf("{\"wall_ns\": %g, \"cpu_ns\": %g}\n", wall, float64(processCPUTime()-cpu)/all)
}

// PrintLatencies prints their mean, median and 99th percentile.
func PrintLatencies(times []time.Duration) {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	sum := time.Duration(0)
	for _, each := range times {
		sum += each
	}
	at := func(share float64) float64 { return float64(times[int(share*float64(len(times)-1))]) / 1e3 }
	fmt.Printf("{\"wall_ns\": %g, \"median_us\": %g, \"p99_us\": %g}\n",
		float64(sum)/float64(len(times)), at(0.5), at(0.99))
}
