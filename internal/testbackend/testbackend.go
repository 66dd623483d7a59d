// Package testbackend gives tests GoMLX's Go backend: plain Go, sequential, the same on every machine.
//
// It is for tests only: commands choose their backend elsewhere.
package testbackend

import (
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
)

// Config is the backend's configuration. Sequential, because with several threads two sorts in one graph may deadlock.
const Config = "go:ops_sequential"

var open = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig(Config) })

// Get returns the backend, opened at the first call of the test binary.
func Get(t testing.TB) compute.Backend {
	t.Helper()
	b, err := open()
	if err != nil {
		t.Fatalf("testbackend: open %s: %v", Config, err)
	}
	return b
}
