package exec

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// frame is the memory of one execution: an arena (arena.go), and for each value where it lies right now. Frames are used again, so
// what lies in the arena is looked up once.
type frame struct {
	plan     *plan.Plan
	arena    *arena           // nil: the plan wants none, or it was given away
	shared   [][]float32      // by step: memory that its workers share
	controls []*control       // by step: what steps that run functions need
	raw      [][]byte         // by value: its memory
	data     [][]float32      // by value: the same, for values of 4-byte words
	inputs   []*Array         // by parameter
	arrays   []*Array         // by value, of inputs, constants, results of the function and of regions
	wrapped  []compute.Buffer // by value: arena memory as an input for regions
	owned    []bool           // by value: its array is ours to free or to hand out
	workers  []*worker
	looked   bool // somebody looks at this execution: debug.go
	shown    bool // what steps write is printed: values.go
	err      error
	failed   atomic.Int32 // number of the step that gave err, counted from 1; 0: none
}

// frames keeps the frames of an executable that no execution uses: as many as executions have run at the same time.
type frames struct {
	name   string // of the executable
	plan   *plan.Plan
	memory *Memory
	size   int // workers
	mutex  sync.Mutex
	free   []*frame
	ended  bool
}

// get returns a frame that nobody uses, if there is memory for it. donated says that inputs end with the execution.
func (fs *frames) get(donated bool) (*frame, error) {
	f := fs.idle()
	if f == nil {
		f = newFrame(fs.plan, fs.size)
		if fs.plan.Arena == 0 {
			f.layAlone()
		}
	}
	if !fs.memory.arenas.take(f) {
		if err := fitsMemory(fs.name, fs.plan, fs.size, donated, freeBytes); err != nil {
			fs.keep(f)
			return nil, err
		}
		fs.memory.arenas.grow(f)
	}
	return f, nil
}

// idle takes a frame that no execution uses, nil if there is none.
func (fs *frames) idle() *frame {
	fs.mutex.Lock()
	defer fs.mutex.Unlock()
	n := len(fs.free)
	if n == 0 {
		return nil
	}
	f := fs.free[n-1]
	fs.free = fs.free[:n-1]
	return f
}

// put ends the execution that used f.
func (fs *frames) put(f *frame) {
	f.end(fs.plan, fs.memory)
	fs.memory.arenas.put(f)
	fs.keep(f)
}

// keep makes f idle.
func (fs *frames) keep(f *frame) {
	fs.mutex.Lock()
	defer fs.mutex.Unlock()
	if fs.ended {
		fs.memory.arenas.end(f)
		return
	}
	fs.free = append(fs.free, f)
}

// end drops the frames.
func (fs *frames) end() {
	fs.mutex.Lock()
	defer fs.mutex.Unlock()
	for _, f := range fs.free {
		fs.memory.arenas.end(f)
	}
	fs.free, fs.ended = nil, true
}

// newFrame returns what an execution of p by size workers needs beside an arena.
func newFrame(p *plan.Plan, size int) *frame {
	n := p.Func.NumValues()
	f := &frame{
		plan: p, shared: make([][]float32, len(p.Steps)), controls: make([]*control, len(p.Steps)), raw: make([][]byte, n), data: make([][]float32, n),
		inputs: make([]*Array, len(p.Func.Params)), arrays: make([]*Array, n), wrapped: make([]compute.Buffer, n), owned: make([]bool, n),
	}
	for range size {
		f.workers = append(f.workers, newWorker(p))
	}
	for i := range p.Steps {
		if c := p.Steps[i].Control; c != nil {
			f.controls[i] = newControl(c, size)
		}
		for _, v := range p.Steps[i].Reads {
			if p.Places[v.ID].Kind == plan.PlaceConstant {
				f.constant(v)
			}
		}
	}
	for _, v := range p.Func.Results {
		if p.Places[v.ID].Kind == plan.PlaceConstant {
			f.constant(v)
		}
	}
	return f
}

func (f *frame) constant(v *ir.Value) {
	f.set(v, &Array{Shape: v.Shape, bytes: dtypes.UnsafeByteSliceFromAny(v.Def.Attr.(ir.ConstantAttr).Flat)}, false)
}

// set says where v lies.
func (f *frame) set(v *ir.Value, a *Array, owned bool) {
	f.arrays[v.ID], f.owned[v.ID] = a, owned
	f.lie(v, a.raw())
}

// lie lets v lie in b.
func (f *frame) lie(v *ir.Value, b []byte) {
	f.raw[v.ID] = b
	if v.Shape.DType.Size() == 4 {
		f.data[v.ID] = words(b)
	}
}

// forget says that the memory of a value is no longer its.
func (f *frame) forget(id int) {
	f.arrays[id], f.raw[id], f.data[id], f.owned[id] = nil, nil, nil, false
}

// words views memory as float32.
func words(b []byte) []float32 {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

// results makes memory for the results that steps compute, or takes that of a donated parameter.
func (f *frame) results(p *plan.Plan, memory *Memory) {
	for _, v := range p.Func.Results {
		place := &p.Places[v.ID]
		switch from := place.From; {
		case place.Kind != plan.PlaceResult || f.arrays[v.ID] != nil:
		case from != nil && f.owned[from.ID]:
			f.set(v, f.arrays[from.ID], true)
			f.owned[from.ID] = false
		default:
			f.set(v, memory.New(v.Shape), true)
		}
	}
}

// leave returns the array of a result. A second result of the same value, and an input that was not donated, is copied.
func (f *frame) leave(v *ir.Value, memory *Memory) *Array {
	if !f.owned[v.ID] {
		return memory.Copy(f.arrays[v.ID])
	}
	f.owned[v.ID] = false
	return f.arrays[v.ID]
}

// begin forgets an error of an earlier run. At its end that would be too soon: a slow worker has not seen yet that a step failed.
func (f *frame) begin() {
	f.err = nil
	f.failed.Store(0)
}

// end frees what was neither freed nor handed out, and forgets everything outside the arena but constants.
func (f *frame) end(p *plan.Plan, memory *Memory) {
	for id, a := range f.arrays {
		if a == nil || p.Places[id].Kind == plan.PlaceConstant {
			continue
		}
		if f.owned[id] {
			memory.Free(a)
		}
		f.forget(id)
	}
	clear(f.inputs)
}

// buffer returns v as an input for a region.
func (f *frame) buffer(v *ir.Value, memory *Memory) compute.Buffer {
	if a := f.arrays[v.ID]; a != nil {
		return memory.buffer(a)
	}
	if f.wrapped[v.ID] == nil {
		at := unsafe.Pointer(unsafe.SliceData(f.raw[v.ID]))
		f.wrapped[v.ID] = memory.engine.Wrap(v.Shape, dtypes.UnsafeAnySliceFromBytes(at, v.Shape.DType, v.Shape.Size()))
	}
	return f.wrapped[v.ID]
}
