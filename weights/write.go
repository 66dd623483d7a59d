package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/bits"
	"sort"
	"unicode/utf8"
)

// WriteFile writes a safetensors file. path holds either what it held before or the complete new file, at any moment
// and after a crash (see AtomicFile). metadata may be nil. A tensor that does not fit its own description, a name that
// occurs twice or is reserved gives a *FormatError, and nothing is written.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	head, order, err := encodeHeader(tensors, metadata)
	if err != nil {
		return withPath(err, path)
	}
	return AtomicFile(path, func(w io.Writer) error { return encode(w, head, order) })
}

// Encode writes a safetensors file to w; see WriteFile.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	head, order, err := encodeHeader(tensors, metadata)
	if err != nil {
		return withPath(err, "encode")
	}
	return encode(w, head, order)
}

func encode(w io.Writer, head []byte, order []Tensor) error {
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range order {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// encodeHeader checks the tensors, lays them out and returns the length, the header and its padding.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, []Tensor, error) {
	order := layout(tensors)
	seen := make(map[string]bool, len(order))
	for _, t := range order {
		if err := writable(t); err != nil {
			return nil, nil, err
		}
		if seen[t.Name] {
			return nil, nil, refuse(t.Name, DuplicateKey, "two tensors have this name")
		}
		seen[t.Name] = true
	}
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteByte('{')
	if metadata != nil {
		text, err := metadataJSON(metadata)
		if err != nil {
			return nil, nil, err
		}
		b.WriteString(`"` + metadataKey + `":`)
		b.Write(text)
	}
	offset := 0
	for i, t := range order {
		if i > 0 || metadata != nil {
			b.WriteByte(',')
		}
		writeEntry(&b, t, offset)
		offset += len(t.Data)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	n := b.Len() - 8
	if n > MaxHeader {
		return nil, nil, refuse("", HeaderTooLarge, "header has %d bytes, the format allows %d: fewer tensors or less metadata", n, MaxHeader)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(n))
	return b.Bytes(), order, nil
}

// layout returns the tensors in the order of their data: wide dtypes first, so that every tensor starts at a multiple
// of its width, then by name. It is the order of the reference implementation, whose files ours equal byte for byte.
func layout(tensors []Tensor) []Tensor {
	order := append([]Tensor(nil), tensors...)
	sort.SliceStable(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if ra, rb := a.DType.rank(), b.DType.rank(); ra != rb {
			return ra > rb
		}
		return a.Name < b.Name
	})
	return order
}

// writable returns an error unless t can be stored and read back as it is.
func writable(t Tensor) error {
	switch {
	case t.Name == metadataKey:
		return refuse(t.Name, ReservedName, "this name is reserved for metadata")
	case !utf8.ValidString(t.Name):
		return refuse(t.Name, InvalidTensor, "name is not UTF-8")
	case t.DType.Bits() == 0:
		return refuse(t.Name, UnknownDType, "dtype %q is not one of %v", string(t.DType), DTypes())
	}
	size := uint64(t.DType.Bits())
	for _, d := range t.Shape {
		over, low := bits.Mul64(size, uint64(d))
		if d < 0 || over != 0 || low > math.MaxInt64 {
			return refuse(t.Name, InvalidTensor, "shape %v: negative or too large", t.Shape)
		}
		size = low
	}
	if size%8 != 0 {
		return refuse(t.Name, MisalignedSlice, "shape %v of %s is %d bits, which are not whole bytes", t.Shape, t.DType, size)
	}
	if uint64(len(t.Data)) != size/8 {
		return refuse(t.Name, InvalidTensor, "shape %v of %s needs %d bytes, got %d", t.Shape, t.DType, size/8, len(t.Data))
	}
	return nil
}

func metadataJSON(metadata map[string]string) ([]byte, error) {
	for k, v := range metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return nil, refuse("", InvalidHeader, "metadata %q: key or value is not UTF-8", k)
		}
	}
	return plainJSON(metadata), nil
}

func writeEntry(b *bytes.Buffer, t Tensor, offset int) {
	shape := t.Shape
	if shape == nil {
		shape = []int{}
	}
	b.Write(plainJSON(t.Name))
	b.WriteByte(':')
	b.Write(plainJSON(struct {
		DType   DType  `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}{t.DType, shape, [2]int{offset, offset + len(t.Data)}}))
}

// plainJSON encodes strings, numbers and maps of them without the escapes that HTML would need.
func plainJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("BUG: weights: header: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// withPath fills in the path of a FormatError.
func withPath(err error, path string) error {
	var fe *FormatError
	if errors.As(err, &fe) {
		fe.Path = path
	}
	return err
}
