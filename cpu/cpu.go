// Package cpu is a GoMLX backend for the processor, named "dyt". Importing it is enough to use it:
//
//	import _ "github.com/dyt-go/dyt/cpu"
//
// registers the backend and makes it the default of compute.New; the environment variable GOMLX_BACKEND still wins.
//
// This package is only the face of it. A computation goes build -> ir -> pass -> plan -> exec; what has no kernel of
// ours runs on GoMLX's Go backend (delegate), so every model runs. It knows nothing of norms, models or training.
//
// Read Backend below, then build/function.go.
package cpu

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"

	"github.com/dyt-go/dyt/cpu/build"
	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/exec"
	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// Name is how the backend is asked for: GOMLX_BACKEND=dyt, or dyt:options.
const Name = "dyt"

func init() {
	compute.Register(Name, func(config string) (compute.Backend, error) { return New(config) })
	compute.DefaultConfig = Name
}

// TooLarge is the error of an execution that needs more memory than the machine has left. It was not begun.
type TooLarge = exec.TooLarge

// Options are what the text after "dyt:" sets, separated by commas.
type Options struct {
	// FusedOps ("fused_ops") takes GoMLX's fused ops (softmax, GELU, layer norm, dense, QKV projection) as they are.
	// Without it they are declined, and GoMLX builds them from ops that are fused here, forward and backward.
	FusedOps bool
	// FromText ("from_text") compiles the text form of what was recorded, for tests of the text form.
	FromText bool
	// Fusion ("fuse=none", "fuse=elementwise", "fuse=apart") lets less run together than could.
	Fusion plan.Fusion
	// Profile ("profile") keeps what was compiled and what it went through, for Compiled and Executables.
	Profile bool
}

// ParseOptions reads the text after "dyt:".
func ParseOptions(config string) (Options, error) {
	var o Options
	for word := range strings.SplitSeq(config, ",") {
		switch strings.TrimSpace(word) {
		case "":
		case "fused_ops":
			o.FusedOps = true
		case "from_text":
			o.FromText = true
		case "fuse=none":
			o.Fusion = plan.Nothing
		case "fuse=always":
			o.Fusion = plan.Always
		case "fuse=apart":
			o.Fusion = plan.Apart
		case "fuse=elementwise":
			o.Fusion = plan.Clusters
		case "profile":
			o.Profile = true
		default:
			return o, errors.Errorf("cpu: unknown option %q in %q; there are: fused_ops, from_text, fuse=none, fuse=elementwise, fuse=apart, fuse=always, profile", word, Name+":"+config)
		}
	}
	return o, nil
}

// Backend is compute.Backend on the processor. It may be used from several goroutines.
type Backend struct {
	env          build.Env
	capabilities compute.Capabilities
	finalized    bool

	mutex    sync.Mutex
	compiled []build.Compiled // with Options.Profile
}

var _ compute.Backend = (*Backend)(nil)

// New opens a backend; config is the text after "dyt:".
func New(config string) (*Backend, error) {
	options, err := ParseOptions(config)
	if err != nil {
		return nil, err
	}
	engine, err := delegate.Open()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	table, err := kernel.Pick()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	threads, err := par.Threads()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if exec.ErrDebug != nil {
		return nil, errors.WithStack(exec.ErrDebug)
	}
	b := &Backend{capabilities: capabilities(engine, options.FusedOps)}
	b.env = build.Env{
		Engine: engine, Memory: exec.NewMemory(b, engine), Workers: par.New(threads), Table: table,
		Fused: options.FusedOps, FromText: options.FromText, Fusion: options.Fusion,
	}
	if options.Profile {
		b.env.Compiled = b.keep
	}
	return b, nil
}

func (b *Backend) keep(c build.Compiled) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.compiled = append(b.compiled, c)
}

// Compiled returns what was compiled so far, in order, each with its plan, the times of its steps and the function after
// each pass; nothing without the option "profile".
func (b *Backend) Compiled() []build.Compiled {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.Clone(b.compiled)
}

// Executables returns those of Compiled.
func (b *Backend) Executables() []*exec.Executable {
	var list []*exec.Executable
	for _, c := range b.Compiled() {
		list = append(list, c.Executable)
	}
	return list
}

// Name returns "dyt".
func (b *Backend) Name() string { return Name }

// String returns "dyt".
func (b *Backend) String() string { return Name }

// Description says what runs the computation.
func (b *Backend) Description() string {
	return "dyt: fusing compiler for the processor, on GoMLX's Go backend where it has no kernel"
}

// NumDevices returns 1.
func (b *Backend) NumDevices() int { return 1 }

// DeviceDescription names the device.
func (b *Backend) DeviceDescription(device compute.DeviceNum) string {
	return fmt.Sprintf("processor, device %d", device)
}

// Capabilities are those of the Go backend, less what is declined; they are not to be changed. Variables are never to be frozen
// into constants.
func (b *Backend) Capabilities() compute.Capabilities { return b.capabilities }

func capabilities(engine *delegate.Engine, fused bool) compute.Capabilities {
	c := engine.Capabilities()
	c.PreferConstantsForVariables = false
	if !fused {
		for _, op := range build.Declined() {
			c.Operations[op] = false
		}
	}
	return c
}

// Builder starts a computation.
func (b *Backend) Builder(name string) compute.Builder { return build.New(name, &b.env) }

// BufferFromFlatData copies flat into a buffer.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	if err := b.check("buffer from flat data", device, shape); err != nil {
		return nil, err
	}
	return exec.FromFlat(b.env.Memory, flat, shape)
}

// HasSharedBuffers returns true: the memory of buffers is the process's.
func (b *Backend) HasSharedBuffers() bool { return true }

// NewSharedBuffer returns a buffer of undefined contents and its memory.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	if err := b.check("new shared buffer", device, shape); err != nil {
		return nil, nil, err
	}
	array := b.env.Memory.New(shape.Clone())
	return exec.NewBuffer(b.env.Memory, array), array.Flat(), nil
}

func (b *Backend) check(what string, device compute.DeviceNum, shape shapes.Shape) error {
	switch {
	case b.finalized:
		return errors.Errorf("cpu: %s: the backend was finalized", what)
	case device != 0:
		return errors.Errorf("cpu: %s: device %d: there is only device 0", what, device)
	case !shape.Ok() || shape.IsDynamic() || slices.ContainsFunc(shape.Dimensions, func(d int) bool { return d < 0 }):
		return errors.Errorf("cpu: %s: shape %s has no size", what, shape)
	}
	return nil
}

// Finalize ends the backend and the Go backend under it.
func (b *Backend) Finalize() {
	if !b.finalized {
		b.env.Workers.Close()
	}
	b.finalized = true
	b.env.Engine.Close()
}

// IsFinalized reports whether Finalize was called.
func (b *Backend) IsFinalized() bool { return b.finalized }
