// Package delegate runs what nobody has a kernel for on GoMLX's Go backend, and lends its builder for shape inference.
//
// It is the only room that knows the quirks of that backend; each one is written where it is dealt with.
// It plans nothing: it turns the ops it is given into one program (program.go) by calling, for each op, the method
// it was recorded from (replay.go), and passes arrays in and out without copying (array.go).
package delegate

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
)

// config keeps the Go backend to one op at a time: its parallel scheduler deadlocks when two executions sort,
// turns panics of its goroutines into the end of the process, and costs 7 us a program instead of 2.
// Kernels of single ops still use its worker pool.
const config = "ops_sequential"

// Engine is an open Go backend. Its methods may be called from several goroutines.
type Engine struct {
	backend compute.Backend
	arrays  arrayAccess
	dtypes  []bool // by type
}

// Open starts the Go backend.
func Open() (*Engine, error) {
	backend, err := gobackend.New(config)
	if err != nil {
		return nil, fmt.Errorf("delegate: open the Go backend: %w", err)
	}
	arrays, err := newArrayAccess(backend)
	if err != nil {
		return nil, err
	}
	e := &Engine{backend: backend, arrays: arrays, dtypes: make([]bool, slices.Max(dtypes.DTypeValues())+1)}
	for dtype, ok := range backend.Capabilities().DTypes {
		e.dtypes[dtype] = ok
	}
	return e, nil
}

// Close ends the Go backend; arrays and programs that came from it are invalid afterwards.
func (e *Engine) Close() { e.backend.Finalize() }

// Builder returns a builder of the Go backend, to be issued ops and asked for shapes.
func (e *Engine) Builder(name string) compute.Builder { return e.backend.Builder(name) }

// Capabilities returns a copy of what the Go backend supports; the caller may edit it.
func (e *Engine) Capabilities() compute.Capabilities { return e.backend.Capabilities().Clone() }

// Supports reports whether the Go backend has arrays of this type.
func (e *Engine) Supports(dtype dtypes.DType) bool {
	return dtype >= 0 && int(dtype) < len(e.dtypes) && e.dtypes[dtype]
}
