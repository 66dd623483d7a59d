package ir

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
)

// ConstantAttr holds the elements of a constant, row-major, as a slice of its element type ([]float32 for f32).
// Packed types (i4, u2, …) are bytes, as compute keeps them.
type ConstantAttr struct{ Flat any }

// longestList is the number of elements up to which a constant is printed as numbers; longer ones are base64.
const longestList = 16

func (a ConstantAttr) write(w *attrWriter) {
	if texts, ok := literalTexts(a.Flat); ok {
		w.put("data", "["+strings.Join(texts, ", ")+"]")
		return
	}
	w.bytes("data", dtypes.UnsafeByteSliceFromAny(a.Flat))
}

// literalTexts writes short lists of ordinary numbers so that reading them back gives the same bits.
func literalTexts(flat any) ([]string, bool) {
	v := reflect.ValueOf(flat)
	if v.Len() > longestList {
		return nil, false
	}
	texts := make([]string, v.Len())
	for i := range texts {
		e := v.Index(i)
		switch e.Interface().(type) {
		case float32, float64:
			if math.IsNaN(e.Float()) {
				return nil, false // the text "NaN" would lose its payload
			}
			texts[i] = strconv.FormatFloat(e.Float(), 'g', -1, e.Type().Bits())
		case int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool:
			texts[i] = fmt.Sprint(e.Interface())
		default:
			return nil, false
		}
	}
	return texts, true
}

func (a ConstantAttr) read(r *attrReader) Attr {
	n, _ := r.get("data")
	dtype := r.result.DType
	if !isConstantType(dtype) || r.result.IsDynamic() {
		r.fail("data", "a type of known size that Go can hold", node{word: ShapeText(r.result)})
		return a
	}
	size := r.result.Size()
	if n.quoted {
		return ConstantAttr{Flat: r.constantBytes(n, dtype, size)}
	}
	if len(n.list) != storageLen(dtype, size) {
		r.fail("data", fmt.Sprintf("%d elements", storageLen(dtype, size)), node{word: strconv.Itoa(len(n.list))})
		return a
	}
	flat := dtypes.MakeAnySlice(dtype, size)
	v := reflect.ValueOf(flat)
	for i, e := range n.list {
		if !setNumber(v.Index(i), e.word) {
			r.fail("data", "elements of type "+dtypeText(dtype), e)
		}
	}
	return ConstantAttr{Flat: flat}
}

func (r *attrReader) constantBytes(n node, dtype dtypes.DType, size int) any {
	data, err := base64.StdEncoding.DecodeString(n.word)
	if err != nil || len(data) != dtype.SizeForDimensions(size) {
		r.fail("data", fmt.Sprintf("%d bytes in base64", dtype.SizeForDimensions(size)), n)
		return nil
	}
	if dtype == dtypes.Bool && slices.Max(append(data, 0)) > 1 {
		r.fail("data", "bytes 0 and 1", n)
		return nil
	}
	flat := dtypes.MakeAnySlice(dtype, size)
	copy(dtypes.UnsafeByteSliceFromAny(flat), data)
	return flat
}

func setNumber(e reflect.Value, word string) bool {
	switch e.Kind() {
	case reflect.Bool:
		v, err := strconv.ParseBool(word)
		e.SetBool(v)
		return err == nil
	case reflect.Float32, reflect.Float64:
		v, err := strconv.ParseFloat(word, e.Type().Bits())
		e.SetFloat(v)
		return err == nil
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(word, 10, e.Type().Bits())
		e.SetInt(v)
		return err == nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(word, 10, e.Type().Bits())
		e.SetUint(v)
		return err == nil
	}
	return false
}

// isConstantType reports whether constants of this element type can be held in a Go slice.
func isConstantType(dtype dtypes.DType) bool {
	switch dtype {
	case dtypes.Bool, dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64,
		dtypes.Float16, dtypes.BFloat16, dtypes.Float32, dtypes.Float64, dtypes.Complex64, dtypes.Complex128,
		dtypes.Int4, dtypes.Uint4, dtypes.Int2, dtypes.Uint2:
		return true
	}
	return false
}

// storageLen returns the length of the Go slice that holds size elements: fewer bytes than elements when packed.
func storageLen(dtype dtypes.DType, size int) int {
	if dtype.IsPacked() {
		return dtype.SizeForDimensions(size)
	}
	return size
}
