//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals end a run after a checkpoint.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1}
