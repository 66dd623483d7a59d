package exec

import (
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/compute/support"

	"github.com/dyt-go/dyt/cpu/delegate"
)

// Memory gives out the memory of arrays and takes it back, by size class. What is taken back and not wanted again
// is dropped by the garbage collector after two of its cycles, so changing shapes do not make the process grow.
type Memory struct {
	engine *delegate.Engine
	pools  sync.Map // size class in bytes -> *sync.Pool of *block
}

// NewMemory returns an empty store. Results of delegated programs are given back to engine.
func NewMemory(engine *delegate.Engine) *Memory { return &Memory{engine: engine} }

// block is memory from the store.
type block struct {
	bytes []byte
	pool  *sync.Pool
}

// Array is a dense row-major array: a shape and a slice of its element type, with the right to give the memory back.
type Array struct {
	Shape     shapes.Shape
	Flat      any
	block     *block         // from the store, or
	delegated compute.Buffer // a result of a delegated program
}

// New returns an array of undefined contents.
func (m *Memory) New(shape shapes.Shape) *Array {
	size := shape.Size()
	bytes := shape.DType.SizeForDimensions(size)
	if bytes == 0 {
		return &Array{Shape: shape, Flat: dtypes.MakeAnySlice(shape.DType, 0)}
	}
	b := m.block(support.TwoBitBucketLen(bytes))
	return &Array{Shape: shape, Flat: dtypes.UnsafeAnySliceFromBytes(unsafe.Pointer(unsafe.SliceData(b.bytes)), shape.DType, size), block: b}
}

// alignment is the size of a cache line: kernels read and write whole lines.
const alignment = 64

func (m *Memory) block(class int) *block {
	entry, ok := m.pools.Load(class)
	if !ok {
		entry, _ = m.pools.LoadOrStore(class, &sync.Pool{})
	}
	pool := entry.(*sync.Pool)
	if b, ok := pool.Get().(*block); ok {
		return b
	}
	return &block{bytes: alignedBytes(class), pool: pool}
}

// alignedBytes returns n bytes that begin at a cache line.
func alignedBytes(n int) []byte {
	raw := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))) & (alignment - 1)
	return raw[skip : skip+n : skip+n]
}

// adopt makes an array of a delegated program's result.
func adopt(b compute.Buffer) (*Array, error) {
	shape, err := b.Shape()
	if err != nil {
		return nil, err
	}
	flat, err := b.Data()
	if err != nil {
		return nil, err
	}
	return &Array{Shape: shape, Flat: flat, delegated: b}, nil
}

// Free gives the memory of a back; neither a nor its Flat may be used afterwards.
func (m *Memory) Free(a *Array) {
	if a.block != nil {
		a.block.pool.Put(a.block)
	}
	if a.delegated != nil {
		m.engine.Recycle(a.delegated)
	}
	*a = Array{}
}

// Copy returns a new array with the elements of a.
func (m *Memory) Copy(a *Array) *Array {
	c := m.New(a.Shape)
	copy(dtypes.UnsafeByteSliceFromAny(c.Flat), dtypes.UnsafeByteSliceFromAny(a.Flat))
	return c
}

// buffer returns a as an input for a delegated program.
func (m *Memory) buffer(a *Array) compute.Buffer {
	if a.delegated != nil {
		return a.delegated
	}
	return m.engine.Wrap(a.Shape, a.Flat)
}
