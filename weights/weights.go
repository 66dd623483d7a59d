// Package weights reads and writes checkpoints: safetensors files, the model folders of Hugging Face, and llama2.c's
// old .bin files.
//
// The reader is strict: a file whose header lies is refused with its path, the tensor and the reason, and costs no
// memory. The writer's files are read by the reference implementation, and appear under their name only when complete.
// The package knows no graph library and no architecture: a tensor is a name, a dtype, a shape and bytes; what the
// names mean is decided where models are (zoo, train). Read this file first, then file.go and folder.go.
package weights

import "fmt"

// DType is an element type, spelled as in the header of a safetensors file.
type DType string

// The dtypes of the format, in the order in which its reference implementation ranks them (see layout in write.go).
const (
	Bool      DType = "BOOL"
	F4        DType = "F4"      // two to a byte
	F6E2M3    DType = "F6_E2M3" // four to three bytes
	F6E3M2    DType = "F6_E3M2"
	U8        DType = "U8"
	I8        DType = "I8"
	F8E5M2    DType = "F8_E5M2"
	F8E4M3    DType = "F8_E4M3"
	F8E8M0    DType = "F8_E8M0"
	F8E4M3FNZ DType = "F8_E4M3FNUZ"
	F8E5M2FNZ DType = "F8_E5M2FNUZ"
	I16       DType = "I16"
	U16       DType = "U16"
	F16       DType = "F16"
	BF16      DType = "BF16"
	I32       DType = "I32"
	U32       DType = "U32"
	F32       DType = "F32"
	C64       DType = "C64" // two F32: real, imaginary
	F64       DType = "F64"
	I64       DType = "I64"
	U64       DType = "U64"
)

// dtypes lists every dtype with its width, in rank order.
var dtypes = []struct {
	name DType
	bits int
}{
	{Bool, 8}, {F4, 4}, {F6E2M3, 6}, {F6E3M2, 6}, {U8, 8}, {I8, 8},
	{F8E5M2, 8}, {F8E4M3, 8}, {F8E8M0, 8}, {F8E4M3FNZ, 8}, {F8E5M2FNZ, 8},
	{I16, 16}, {U16, 16}, {F16, 16}, {BF16, 16},
	{I32, 32}, {U32, 32}, {F32, 32},
	{C64, 64}, {F64, 64}, {I64, 64}, {U64, 64},
}

// DTypes returns all dtypes of the format in rank order.
func DTypes() []DType {
	all := make([]DType, len(dtypes))
	for i, d := range dtypes {
		all[i] = d.name
	}
	return all
}

// Bits returns the width of one element in bits, or 0 if the dtype is unknown.
func (d DType) Bits() int {
	if r := d.rank(); r >= 0 {
		return dtypes[r].bits
	}
	return 0
}

// rank returns the position in dtypes, or -1.
func (d DType) rank() int {
	for i, known := range dtypes {
		if known.name == d {
			return i
		}
	}
	return -1
}

// Tensor is a named array. Data is row-major and little endian, Size bytes long.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// Info says what a tensor is without holding its data.
type Info struct {
	Name  string
	DType DType
	Shape []int
	Size  int64 // bytes

	offset int64 // of the first byte, from the start of the file
}

// Len returns the number of elements; a scalar (no dimensions) has one.
func (i Info) Len() int { return elements(i.Shape) }

// Len returns the number of elements; a scalar (no dimensions) has one.
func (t Tensor) Len() int { return elements(t.Shape) }

// Info returns the description of t.
func (t Tensor) Info() Info {
	return Info{Name: t.Name, DType: t.DType, Shape: t.Shape, Size: int64(len(t.Data))}
}

// String returns name, dtype and shape: "model.norm.weight F32[64]".
func (i Info) String() string { return fmt.Sprintf("%s %s%v", i.Name, i.DType, i.Shape) }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
