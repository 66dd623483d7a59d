package delegate

import (
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// arrayAccess reaches into the Go backend's buffers, whose type is exported from an internal package, so that
// arrays of ours enter a program where they lie and its results are given back to its pool when we are done.
// Without it every input would be copied; and the public Finalize leaves results to the garbage collector, which
// costs fresh, page-faulting memory for each of them.
type arrayAccess struct {
	bufferType reflect.Type
	backend    reflect.Value
	put        reflect.Value
}

// fields of the Go backend's Buffer that are set by Wrap.
const (
	fieldBackend = "RawBackend"
	fieldShape   = "RawShape"
	fieldInUse   = "InUse"
	fieldBytes   = "RawBytes"
	fieldFlat    = "Flat"
)

func newArrayAccess(backend compute.Backend) (arrayAccess, error) {
	probe, _, err := backend.NewSharedBuffer(0, shapes.Make(dtypes.Float32))
	if err != nil {
		return arrayAccess{}, fmt.Errorf("delegate: open: %w", err)
	}
	a := arrayAccess{
		bufferType: reflect.TypeOf(probe).Elem(),
		backend:    reflect.ValueOf(backend),
		put:        reflect.ValueOf(backend).MethodByName("PutBuffer"),
	}
	want := map[string]reflect.Type{
		fieldBackend: a.backend.Type(), fieldShape: reflect.TypeFor[shapes.Shape](), fieldInUse: reflect.TypeFor[bool](),
		fieldBytes: reflect.TypeFor[[]byte](), fieldFlat: reflect.TypeFor[any](),
	}
	for name, typ := range want {
		if f, ok := a.bufferType.FieldByName(name); !ok || f.Type != typ {
			return a, fmt.Errorf("delegate: open: the Go backend's Buffer has no field %s %s; this version of compute is not known", name, typ)
		}
	}
	if !a.put.IsValid() || a.put.Type().NumIn() != 1 || a.put.Type().In(0) != reflect.PointerTo(a.bufferType) {
		return a, fmt.Errorf("delegate: open: the Go backend has no PutBuffer(*Buffer); this version of compute is not known")
	}
	return a, nil
}

// Wrap returns a buffer of the Go backend around flat, a slice of shape's element type. The memory stays the
// caller's: programs read it, and it must not be given to Recycle.
func (e *Engine) Wrap(shape shapes.Shape, flat any) compute.Buffer {
	b := reflect.New(e.arrays.bufferType)
	v := b.Elem()
	v.FieldByName(fieldBackend).Set(e.arrays.backend)
	v.FieldByName(fieldShape).Set(reflect.ValueOf(shape))
	v.FieldByName(fieldInUse).SetBool(true)
	v.FieldByName(fieldBytes).SetBytes(dtypes.UnsafeByteSliceFromAny(flat))
	v.FieldByName(fieldFlat).Set(reflect.ValueOf(flat))
	return b.Interface().(compute.Buffer)
}

// Recycle gives the memory of a program's result back for later results.
func (e *Engine) Recycle(b compute.Buffer) {
	if !e.backend.IsFinalized() {
		e.arrays.put.Call([]reflect.Value{reflect.ValueOf(b)})
	}
}
