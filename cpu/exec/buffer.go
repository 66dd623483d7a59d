package exec

import (
	"reflect"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// Buffer is an array in the hands of the user: compute.Buffer. It ends by Finalize or by being donated to an
// execution; after a donation Finalize does nothing, since the memory has a new owner.
type Buffer struct {
	memory *Memory
	array  *Array
	state  atomic.Int32
}

const (
	live int32 = iota
	finalized
	donated
)

var stateText = [...]string{live: "in use", finalized: "finalized", donated: "donated to an execution"}

var _ compute.Buffer = (*Buffer)(nil)

// NewBuffer hands an array of memory to the user.
func NewBuffer(memory *Memory, array *Array) *Buffer { return &Buffer{memory: memory, array: array} }

// FromFlat returns a buffer with a copy of flat, a slice of shape's element type.
func FromFlat(memory *Memory, flat any, shape shapes.Shape) (*Buffer, error) {
	if err := checkFlat("buffer from flat data", flat, shape); err != nil {
		return nil, err
	}
	array := memory.New(shape.Clone())
	copy(array.raw(), dtypes.UnsafeByteSliceFromAny(flat))
	return NewBuffer(memory, array), nil
}

// checkFlat compares a slice with the shape that it is said to have.
func checkFlat(what string, flat any, shape shapes.Shape) error {
	v := reflect.ValueOf(flat)
	if v.Kind() != reflect.Slice {
		return errors.Errorf("cpu: %s: got a %T, expected a slice", what, flat)
	}
	length := shape.Size()
	if shape.DType.IsPacked() {
		length = shape.DType.SizeForDimensions(length)
	}
	elem := v.Type().Elem()
	isType := elem == shape.DType.GoType() || elem.Kind() == reflect.Int && shape.DType == dtypes.FromGoType(elem)
	if !isType || v.Len() != length {
		return errors.Errorf("cpu: %s: got %d elements of type %s, expected %d of %s for %s", what, v.Len(), elem, length, shape.DType.GoType(), shape)
	}
	return nil
}

// Backend returns the backend that the buffer belongs to.
func (b *Buffer) Backend() compute.Backend { return b.memory.owner }

// Shape returns the shape; that of an ended buffer is an error.
func (b *Buffer) Shape() (shapes.Shape, error) {
	a, err := b.get("shape")
	if err != nil {
		return shapes.Invalid(), err
	}
	return a.Shape, nil
}

// DeviceNum returns 0: there is one device, the processor.
func (b *Buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

// ToFlatData copies the elements to flat, a slice of the element type and of the right length.
func (b *Buffer) ToFlatData(flat any) error {
	a, err := b.get("to flat data")
	if err != nil {
		return err
	}
	if err := checkFlat("buffer to flat data", flat, a.Shape); err != nil {
		return err
	}
	copy(dtypes.UnsafeByteSliceFromAny(flat), a.raw())
	return nil
}

// Data returns the elements themselves; they may be changed while no execution reads them, until the buffer ends.
func (b *Buffer) Data() (any, error) {
	a, err := b.get("data")
	if err != nil {
		return nil, err
	}
	return a.Flat(), nil
}

// CopyToDevice returns a copy on device 0.
func (b *Buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	a, err := b.get("copy to device")
	if err != nil {
		return nil, err
	}
	if device != 0 {
		return nil, errors.Errorf("cpu: buffer: copy to device %d: there is only device 0", device)
	}
	return NewBuffer(b.memory, b.memory.Copy(a)), nil
}

// Finalize gives the memory back. A second call is an error; after a donation it does nothing.
func (b *Buffer) Finalize() error {
	if b.state.CompareAndSwap(live, finalized) {
		b.memory.Free(b.array)
		return nil
	}
	if b.state.Load() == donated {
		return nil
	}
	return errors.New("cpu: buffer: finalized twice")
}

func (b *Buffer) get(what string) (*Array, error) {
	if state := b.state.Load(); state != live {
		return nil, errors.Errorf("cpu: buffer: %s: it was %s", what, stateText[state])
	}
	return b.array, nil
}

// donate ends the buffer without freeing its array; false when it had ended before.
func (b *Buffer) donate() bool { return b.state.CompareAndSwap(live, donated) }
