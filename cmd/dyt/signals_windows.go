package main

import (
	"os"
	"syscall"
)

// stopSignals end a run after a checkpoint. Windows has no SIGUSR1.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
