package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what this process has used of all processors since it began.
func processorTime() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}
