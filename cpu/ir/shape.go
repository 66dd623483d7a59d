package ir

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// dtypeText is the name of a type in the text form.
func dtypeText(dtype dtypes.DType) string {
	if dtype >= 0 && int(dtype) < len(dtypeTexts) {
		return dtypeTexts[dtype]
	}
	return shortName(dtype)
}

var dtypeTexts = func() []string {
	list := make([]string, slices.Max(dtypes.DTypeValues())+1)
	for i := range list {
		list[i] = shortName(dtypes.DType(i))
	}
	return list
}()

// shortName shortens compute's names: f32 for Float32, i64 for Int64. Others are compute's names in lower case.
func shortName(dtype dtypes.DType) string {
	name := strings.ToLower(dtype.String())
	for _, p := range [...]struct{ long, short string }{{"bfloat", "bf"}, {"float", "f"}, {"uint", "u"}, {"int", "i"}, {"complex", "c"}} {
		if rest, ok := strings.CutPrefix(name, p.long); ok {
			return p.short + rest
		}
	}
	return name
}

var dtypeByText = func() map[string]dtypes.DType {
	m := make(map[string]dtypes.DType)
	for _, dtype := range dtypes.DTypeValues() {
		if dtype != dtypes.InvalidDType {
			m[shortName(dtype)] = dtype
		}
	}
	return m
}()

// ShapeText writes a shape as f32[8,197,192], a scalar as f32, a named axis as f32[batch:8,4] and one whose length
// is not known as f32[batch:?,4].
func ShapeText(s shapes.Shape) string { return string(appendShape(nil, s)) }

func appendShape(out []byte, s shapes.Shape) []byte {
	out = append(out, dtypeText(s.DType)...)
	if s.Rank() == 0 {
		return out
	}
	for axis, dim := range s.Dimensions {
		if axis == 0 {
			out = append(out, '[')
		} else {
			out = append(out, ',')
		}
		if s.AxisNames != nil && s.AxisNames[axis] != "" {
			out = append(append(out, wordText(s.AxisNames[axis])...), ':')
		}
		if dim == shapes.DynamicDim {
			out = append(out, '?')
		} else {
			out = strconv.AppendInt(out, int64(dim), 10)
		}
	}
	return append(out, ']')
}

// ShapeTexts writes shapes separated by commas.
func ShapeTexts(values []*Value) string { return string(appendShapes(nil, values)) }

func appendShapes(out []byte, values []*Value) []byte {
	for i, v := range values {
		if i > 0 {
			out = append(out, ", "...)
		}
		if v == nil {
			out = append(out, "none"...)
		} else {
			out = appendShape(out, v.Shape)
		}
	}
	return out
}

// wordText quotes s unless it reads back as one word.
func wordText(s string) string {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return strconv.Quote(s)
	}
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return strconv.Quote(s)
		}
	}
	return s
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
