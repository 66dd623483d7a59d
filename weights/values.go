package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Float32s returns the elements of an F32, F16 or BF16 tensor; the conversion is exact. Other dtypes are an error.
func (t Tensor) Float32s() ([]float32, error) {
	if err := t.expect(F32, F16, BF16); err != nil {
		return nil, err
	}
	v := make([]float32, t.Len())
	switch t.DType {
	case F32:
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case F16:
		for i := range v {
			v[i] = F16ToF32(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	case BF16:
		for i := range v {
			v[i] = BF16ToF32(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	}
	return v, nil
}

// Float64s returns the elements of an F64, F32, F16 or BF16 tensor; the conversion is exact. Other dtypes are an error.
func (t Tensor) Float64s() ([]float64, error) {
	if err := t.expect(F64, F32, F16, BF16); err != nil {
		return nil, err
	}
	v := make([]float64, t.Len())
	if t.DType == F64 {
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
		}
		return v, nil
	}
	single, err := t.Float32s()
	for i, x := range single {
		v[i] = float64(x)
	}
	return v, err
}

// Int32s returns the elements of an I32 tensor, or of an I64 tensor whose values all fit. Other dtypes are an error.
func (t Tensor) Int32s() ([]int32, error) {
	if err := t.expect(I32, I64); err != nil {
		return nil, err
	}
	v := make([]int32, t.Len())
	for i := range v {
		if t.DType == I32 {
			v[i] = int32(binary.LittleEndian.Uint32(t.Data[4*i:]))
			continue
		}
		wide := int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
		if v[i] = int32(wide); int64(v[i]) != wide {
			return nil, fmt.Errorf("weights: tensor %q: element %d is %d, expected a 32-bit integer", t.Name, i, wide)
		}
	}
	return v, nil
}

// FromFloat32s makes an F32 tensor that holds a copy of v. It panics if v has not as many elements as shape asks for.
func FromFloat32s(name string, shape []int, v []float32) Tensor {
	t := empty(name, F32, shape, len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(t.Data[4*i:], math.Float32bits(x))
	}
	return t
}

// FromInt32s makes an I32 tensor that holds a copy of v. It panics if v has not as many elements as shape asks for.
func FromInt32s(name string, shape []int, v []int32) Tensor {
	t := empty(name, I32, shape, len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(t.Data[4*i:], uint32(x))
	}
	return t
}

// As converts between F32, F16 and BF16. Narrowing rounds to the nearest, ties to even; too large becomes infinite.
func (t Tensor) As(dtype DType) (Tensor, error) {
	if t.DType == dtype {
		return t, nil
	}
	v, err := t.Float32s()
	if err != nil {
		return Tensor{}, err
	}
	switch dtype {
	case F32:
		return FromFloat32s(t.Name, t.Shape, v), nil
	case F16, BF16:
		narrow := F32ToF16
		if dtype == BF16 {
			narrow = F32ToBF16
		}
		out := empty(t.Name, dtype, t.Shape, len(v))
		for i, x := range v {
			binary.LittleEndian.PutUint16(out.Data[2*i:], narrow(x))
		}
		return out, nil
	}
	return Tensor{}, fmt.Errorf("weights: tensor %q: convert %s to %s: expected F32, F16 or BF16", t.Name, t.DType, dtype)
}

func empty(name string, dtype DType, shape []int, n int) Tensor {
	t := Tensor{Name: name, DType: dtype, Shape: shape}
	if t.Len() != n {
		panic(fmt.Sprintf("BUG: weights: tensor %q: shape %v asks for %d elements, got %d", name, shape, t.Len(), n))
	}
	t.Data = make([]byte, n*dtype.Bits()/8)
	return t
}

// expect returns an error unless t has one of the dtypes and as many bytes as its shape asks for.
func (t Tensor) expect(allowed ...DType) error {
	for _, d := range allowed {
		if t.DType != d {
			continue
		}
		if want := t.Len() * d.Bits() / 8; want != len(t.Data) {
			return fmt.Errorf("weights: tensor %q: %s%v needs %d bytes, got %d", t.Name, d, t.Shape, want, len(t.Data))
		}
		return nil
	}
	return fmt.Errorf("weights: tensor %q: expected one of %v, got %s", t.Name, allowed, t.DType)
}
