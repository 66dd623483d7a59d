package main

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/cpu" // the engine of this module
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the portable backend, in pure Go
	"github.com/spf13/pflag"
)

// backends maps the names of --backend to GoMLX configurations. This file is the only place in the module that knows
// which backend a command runs on; built with the tag xla, xla.go adds a row.
//
// "go" runs its operations one after the other: with its own scheduler two concurrent sorts deadlock and some failures
// end the process (compute v0.1.6).
var backends = map[string]string{
	"dyt": "dyt",
	"go":  "go:ops_sequential",
}

const defaultBackend = "dyt"

// chosenBackend is the backend of a command without --backend: that of DYT_BACKEND, or of GOMLX_BACKEND, which all programs with GoMLX
// heed.
func chosenBackend() string {
	return cmp.Or(os.Getenv("DYT_BACKEND"), os.Getenv("GOMLX_BACKEND"), defaultBackend)
}

// addBackend gives a command the flag --backend.
func addBackend(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, "backend", chosenBackend(), "what computes: dyt, or go, the portable one")
}

// fusions maps the words of dyt bench --fusion to options of our engine: how far ops run together.
var fusions = map[string]string{
	"all":         "",
	"elementwise": "fuse=elementwise",
	"none":        "fuse=none",
}

// openFusion opens a backend with less fusion than it has; only our engine can.
func openFusion(name, fusion string) (compute.Backend, error) {
	option, known := fusions[fusion]
	switch {
	case !known:
		return nil, usage("--fusion %q: expected all, elementwise or none", fusion)
	case option == "":
		return openBackend(name)
	case name != defaultBackend:
		return nil, usage("--fusion %s: backend %q has no such setting, only %q", fusion, name, defaultBackend)
	}
	return openBackend(defaultBackend + ":" + option)
}

// openBackend opens the backend of that name. Options after a colon are the backend's own, as in GOMLX_BACKEND=xla:cuda. What keeps a
// backend from opening is how it was asked for, by options and variables, or a plugin that is not there.
func openBackend(config string) (compute.Backend, error) {
	name, _, options := strings.Cut(config, ":")
	own, known := backends[name]
	if !known {
		names, why := slices.Sorted(maps.Keys(backends)), ""
		if name == "xla" {
			why = "; XLA needs cgo and a PJRT plugin: CGO_ENABLED=1 go build -tags xla ./cmd/dyt"
		}
		return nil, usage("backend %q is not in this binary, expected one of %v%s", name, names, why)
	}
	if !options {
		config = own
	}
	backend, err := compute.NewWithConfig(config)
	if err != nil {
		return nil, usage("open backend %q: %w", name, err)
	}
	return backend, nil
}

// openLookedAt opens our engine so that it keeps what it compiles and how.
func openLookedAt() (*cpu.Backend, error) {
	backend, err := cpu.New("profile")
	return backend, conf.WithCode(err, conf.ExitUsage)
}

// describe is a backend's description without its name, which stands in front of it wherever dyt prints it.
func describe(b compute.Backend) string { return strings.TrimPrefix(b.Description(), b.Name()+": ") }

// backendCode is that of too little memory for err of a backend that lacks it, else what err says itself.
func backendCode(err error) int {
	var large *cpu.TooLarge
	if errors.As(err, &large) {
		return conf.ExitMemory
	}
	return conf.Code(err)
}
