// Package build records the calls of compute.Builder and compute.Function as ir, and compiles what was recorded.
//
// The method of each op is generated (zz_record.go); all of them end in Function.record, the function to read first. Shapes of
// the ops that graphs are mostly made of are inferred here (infer.go), and equal expressions merged (expression.go). Every
// other call is issued, at once, to a shadow: a builder of GoMLX's Go backend that never runs. It infers shapes, merges what
// is equal, and says what is wrong with a call that infer.go does not take.
package build

import (
	"fmt"
	"os"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/exec"
	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/pass"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// Env is what builders of one backend share.
type Env struct {
	Engine   *delegate.Engine
	Memory   *exec.Memory
	Workers  *par.Pool
	Table    *kernel.Table
	Fused    bool // take GoMLX's fused ops instead of the ops that they stand for
	Fusion   plan.Fusion
	FromText bool // compile the text form of what was recorded

	Compiled func(Compiled) // when not nil, told of everything that is compiled

	plans plans
}

// Compiled is what Compile made, and what it went through.
type Compiled struct {
	*exec.Executable
	Stages []pass.Stage
}

// Builder records one computation: compute.Builder. It is used from one goroutine.
type Builder struct {
	env      *Env
	name     string
	shadow   compute.Builder
	main     *Function
	compiled bool
}

var _ compute.Builder = (*Builder)(nil)

// New returns an empty builder.
func New(name string, env *Env) *Builder {
	b := &Builder{env: env, name: name, shadow: env.Engine.Builder(name)}
	b.main = newFunction(b, nil, compute.MainName, b.shadow.Main())
	return b
}

// Name returns the name of the computation.
func (b *Builder) Name() string { return b.name }

// Main returns the function that is compiled.
func (b *Builder) Main() compute.Function { return b.main }

// NewFunction returns a function that others can call.
func (b *Builder) NewFunction(name string) (compute.Function, error) {
	if err := b.open(); err != nil {
		return nil, err
	}
	shadow, err := b.shadow.NewFunction(name)
	if err != nil {
		return nil, err
	}
	return newFunction(b, nil, name, shadow), nil
}

// OpShape returns the shape of a value of any function of this computation.
func (b *Builder) OpShape(op compute.Value) (shapes.Shape, error) {
	if v, ok := op.(*value); ok && v != nil && v.fn.builder == b {
		return v.ir.Shape, nil
	}
	return b.main.Shape(op) // an error that says whose value it is
}

// DistributedSPMD answers as the Go backend does: there is one device.
func (b *Builder) DistributedSPMD(numDevices int) error { return b.shadow.DistributedSPMD(numDevices) }

// DistributedAutoSharding answers as the Go backend does: there is one device.
func (b *Builder) DistributedAutoSharding(meshes ...compute.Mesh) error {
	return b.shadow.DistributedAutoSharding(meshes...)
}

// DeviceAssignment answers as the Go backend does: there is one device.
func (b *Builder) DeviceAssignment(devices ...compute.DeviceNum) error {
	return b.shadow.DeviceAssignment(devices...)
}

// Compile plans the main function. The builder cannot be used afterwards.
func (b *Builder) Compile() (compute.Executable, error) {
	if err := b.open(); err != nil {
		return nil, err
	}
	if !b.main.returned {
		return nil, errors.Errorf("cpu: compile %q: Return of the main function was not called", b.name)
	}
	b.compiled, b.shadow = true, nil
	f, err := b.recorded()
	if err != nil {
		return nil, errors.Wrapf(err, "BUG: cpu: compile %q", b.name)
	}
	var stages []pass.Stage
	watch := b.watch(&stages)
	planning := func(f *ir.Func) (*plan.Plan, error) {
		f, err := pass.Run(f, pass.Env{Fold: b.env.Engine.Evaluate, Watch: watch})
		if err != nil {
			return nil, err
		}
		return plan.Make(f, b.env.Engine, b.env.Table, b.env.Fusion)
	}
	var p *plan.Plan
	if watch != nil { // what is looked at is made anew
		p, err = planning(f)
	} else {
		p, err = b.env.plans.of(f, planning)
	}
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: compile %q", b.name)
	}
	if exec.Debug >= exec.DebugPlan {
		fmt.Fprintf(os.Stderr, "%s: %s", b.name, p)
	}
	if exec.Debug >= exec.DebugKernels {
		fmt.Fprintf(os.Stderr, "%s: %s", b.name, p.Kernels())
	}
	e := exec.New(b.name, b.env.Memory, b.env.Workers, p)
	if b.env.Compiled != nil {
		b.env.Compiled(Compiled{e, stages})
	}
	return e, nil
}

// watch returns what follows a function through the passes: to standard error, or into stages; nil when nobody looks.
func (b *Builder) watch(stages *[]pass.Stage) func(pass.Stage) {
	if b.env.Compiled == nil && exec.Debug < exec.DebugPasses {
		return nil
	}
	return func(s pass.Stage) {
		if exec.Debug >= exec.DebugPasses {
			fmt.Fprintf(os.Stderr, "%s: %s:\n%s", b.name, s.Pass, s.Text)
		}
		if b.env.Compiled != nil {
			*stages = append(*stages, s)
		}
	}
}

// recorded returns the main function, verified.
func (b *Builder) recorded() (*ir.Func, error) {
	if b.env.FromText {
		return ir.Parse(b.main.ir.String())
	}
	return b.main.ir, ir.Verify(b.main.ir)
}

func (b *Builder) open() error {
	if b.compiled {
		return errors.Errorf("cpu: builder %q: it has been compiled", b.name)
	}
	return nil
}
