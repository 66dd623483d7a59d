package ir

import (
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// dtypeText is the name of a type in the text form.
func dtypeText(dtype dtypes.DType) string {
	if text, ok := dtypeTexts[dtype]; ok {
		return text
	}
	return shortName(dtype)
}

var dtypeTexts = func() map[dtypes.DType]string {
	m := make(map[dtypes.DType]string)
	for _, dtype := range dtypes.DTypeValues() {
		m[dtype] = shortName(dtype)
	}
	return m
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
func ShapeText(s shapes.Shape) string {
	var b strings.Builder
	b.WriteString(dtypeText(s.DType))
	if s.Rank() == 0 {
		return b.String()
	}
	for axis, dim := range s.Dimensions {
		if axis == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}
		if s.AxisNames != nil && s.AxisNames[axis] != "" {
			b.WriteString(wordText(s.AxisNames[axis]))
			b.WriteByte(':')
		}
		if dim == shapes.DynamicDim {
			b.WriteByte('?')
		} else {
			b.WriteString(strconv.Itoa(dim))
		}
	}
	b.WriteByte(']')
	return b.String()
}

// ShapeTexts writes shapes separated by commas.
func ShapeTexts(values []*Value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = "none"
		if v != nil {
			texts[i] = ShapeText(v.Shape)
		}
	}
	return strings.Join(texts, ", ")
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
