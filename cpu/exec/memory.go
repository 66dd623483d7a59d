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

// Memory gives out arrays and takes them back, by size class. What is taken back and not wanted again is dropped by the
// garbage collector after two of its cycles, so changing shapes do not make the process grow.
type Memory struct {
	owner  compute.Backend // of the buffers around its arrays
	engine *delegate.Engine
	mutex  sync.Mutex
	pools  map[int]*sync.Pool // of *Array, by size class in bytes
	arenas arenas             // what executions keep meanwhile
}

// NewMemory returns an empty store of owner's. Results of delegated programs are given back to engine.
func NewMemory(owner compute.Backend, engine *delegate.Engine) *Memory {
	return &Memory{owner: owner, engine: engine, pools: make(map[int]*sync.Pool)}
}

// Array is a dense row-major array: a shape and its memory, with the right to give that back.
type Array struct {
	Shape     shapes.Shape
	bytes     []byte         // at least as many as the shape has: memory from the store is a whole size class
	pool      *sync.Pool     // where memory from the store goes back to
	delegated compute.Buffer // a result of a delegated program, whose memory this is
}

// New returns an array of undefined contents. It allocates nothing when an array of this size class was freed.
func (m *Memory) New(shape shapes.Shape) *Array {
	n := int(shape.ByteSize())
	if n == 0 {
		return &Array{Shape: shape}
	}
	a := m.class(support.TwoBitBucketLen(n))
	a.Shape = shape
	return a
}

// Flat returns the elements as a slice of their type.
func (a *Array) Flat() any {
	if a.Shape.Size() == 0 {
		return dtypes.MakeAnySlice(a.Shape.DType, 0)
	}
	return dtypes.UnsafeAnySliceFromBytes(unsafe.Pointer(unsafe.SliceData(a.bytes)), a.Shape.DType, a.Shape.Size())
}

// raw returns the memory of the elements.
func (a *Array) raw() []byte { return a.bytes[:a.Shape.ByteSize()] }

// alignment is the size of a cache line: kernels read and write whole lines.
const alignment = 64

// class returns an array whose memory has so many bytes.
func (m *Memory) class(bytes int) *Array {
	m.mutex.Lock()
	pool, ok := m.pools[bytes]
	if !ok {
		pool = &sync.Pool{}
		m.pools[bytes] = pool
	}
	m.mutex.Unlock()
	if a, ok := pool.Get().(*Array); ok {
		return a
	}
	return &Array{bytes: alignedBytes(bytes), pool: pool}
}

// alignedBytes returns n bytes that begin at a cache line, in large pages if they are many and the system has such.
func alignedBytes(n int) []byte {
	raw := make([]byte, n+alignment)
	preferHuge(raw)
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
	return &Array{Shape: shape, bytes: dtypes.UnsafeByteSliceFromAny(flat), delegated: b}, nil
}

// Free gives the memory of a back; neither a nor what Flat gave may be used afterwards.
func (m *Memory) Free(a *Array) {
	if a.pool != nil {
		a.pool.Put(a)
		return
	}
	if a.delegated != nil {
		m.engine.Recycle(a.delegated)
	}
	*a = Array{}
}

// Copy returns a new array with the elements of a.
func (m *Memory) Copy(a *Array) *Array {
	c := m.New(a.Shape)
	copy(c.raw(), a.raw())
	return c
}

// buffer returns a as an input for a delegated program.
func (m *Memory) buffer(a *Array) compute.Buffer {
	if a.delegated != nil {
		return a.delegated
	}
	return m.engine.Wrap(a.Shape, a.Flat())
}
