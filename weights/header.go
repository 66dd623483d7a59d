package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"sort"
	"strconv"
	"unicode/utf8"
)

// A safetensors file is
//
//	8 bytes   n, little endian: length of the header
//	n bytes   one JSON object, padded with spaces:
//	          {"__metadata__": {string: string}, name: {"dtype": D, "shape": [..], "data_offsets": [begin, end]}, ..}
//	the rest  the data; offsets count from its start; the tensors cover it without holes and without overlaps
//
// Source: the README of huggingface/safetensors; the limits are those of its reference implementation.

// MaxHeader is the largest header length that the format allows, in bytes.
const MaxHeader = 100_000_000

// metadataKey is the header key that is no tensor.
const metadataKey = "__metadata__"

// entry is one tensor as its header states it.
type entry struct {
	name       string
	dtype      string
	shape      []uint64
	begin, end uint64
	has        struct{ dtype, shape, offsets bool }
}

// header is a parsed and checked header.
type header struct {
	infos    []Info // in the order of their data
	metadata map[string]string
}

// parseHeader reads the JSON object from r, which ends with the header. dataStart and dataSize are in bytes.
func parseHeader(r io.Reader, dataStart, dataSize int64) (*header, error) {
	dec := json.NewDecoder(&utf8Reader{r: r})
	dec.UseNumber()
	p := headerParser{dec: dec}
	entries, metadata, err := p.parse()
	if err != nil {
		return nil, err
	}
	infos := make([]Info, len(entries))
	for i, e := range entries {
		if infos[i], err = e.check(dataStart); err != nil {
			return nil, err
		}
	}
	if err := checkCover(infos, dataStart, dataSize); err != nil {
		return nil, err
	}
	return &header{infos: infos, metadata: metadata}, nil
}

// check turns an entry into an Info: known dtype, bytes = elements x width, all numbers in range.
func (e entry) check(dataStart int64) (Info, error) {
	dtype := DType(e.dtype)
	width := dtype.Bits()
	if width == 0 {
		return Info{}, refuse(e.name, UnknownDType, "dtype %q is not one of %v", e.dtype, DTypes())
	}
	info := Info{Name: e.name, DType: dtype, Shape: make([]int, len(e.shape))}
	size := uint64(width)
	for i, d := range e.shape {
		over, low := bits.Mul64(size, d)
		if over != 0 || d > math.MaxInt {
			return Info{}, refuse(e.name, ValidationOverflow, "shape %v of %s has more bits than a 64-bit integer counts", e.shape, dtype)
		}
		size, info.Shape[i] = low, int(d)
	}
	if size%8 != 0 {
		return Info{}, refuse(e.name, MisalignedSlice, "shape %v of %s is %d bits, which are not whole bytes", e.shape, dtype, size)
	}
	if e.end < e.begin || e.end > math.MaxInt64-uint64(dataStart) {
		return Info{}, refuse(e.name, InvalidOffset, "data_offsets [%d, %d] are not a range", e.begin, e.end)
	}
	if e.end-e.begin != size/8 {
		return Info{}, refuse(e.name, TensorInvalidInfo, "shape %v of %s needs %d bytes, data_offsets [%d, %d] hold %d",
			e.shape, dtype, size/8, e.begin, e.end, e.end-e.begin)
	}
	info.Size = int64(size / 8)
	info.offset = dataStart + int64(e.begin)
	return info, nil
}

// checkCover sorts infos by their place and refuses holes, overlaps and a total that is not the file's.
func checkCover(infos []Info, dataStart, dataSize int64) error {
	sort.SliceStable(infos, func(i, j int) bool {
		a, b := infos[i], infos[j]
		if a.offset != b.offset {
			return a.offset < b.offset
		}
		return a.Size < b.Size // empty tensors first
	})
	next := dataStart
	for _, t := range infos {
		if t.offset != next {
			what := "leaves a hole"
			if t.offset < next {
				what = "overlaps another tensor"
			}
			return refuse(t.Name, InvalidOffset, "data starts at byte %d and %s: expected %d", t.offset-dataStart, what, next-dataStart)
		}
		next += t.Size
	}
	if next-dataStart > dataSize {
		return refuse("", MetadataIncomplete, "tensors take %d bytes, the file has %d after its header: "+again, next-dataStart, dataSize)
	}
	if next-dataStart < dataSize {
		return refuse("", MetadataIncomplete, "tensors take %d bytes, the file has %d after its header: bytes that no tensor owns", next-dataStart, dataSize)
	}
	return nil
}

// headerParser reads the header token by token, because encoding/json keeps the last of two equal keys without a word.
type headerParser struct{ dec *json.Decoder }

func (p headerParser) parse() (entries []entry, metadata map[string]string, err error) {
	seen := map[string]bool{}
	err = p.object("", func(key string) error {
		if seen[key] {
			return refuse(key, DuplicateKey, "name occurs twice in the header")
		}
		seen[key] = true
		if key == metadataKey {
			metadata, err = p.metadata()
			return err
		}
		e, err := p.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if tok, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, p.fault(err, "", "after the header object, expected only space, found %v", describe(tok, err))
	}
	return entries, metadata, nil
}

func (p headerParser) metadata() (map[string]string, error) {
	m := map[string]string{}
	err := p.object(metadataKey, func(key string) error {
		if _, twice := m[key]; twice {
			return refuse("", DuplicateKey, "%s has the key %q twice", metadataKey, key)
		}
		tok, err := p.dec.Token()
		s, ok := tok.(string)
		if !ok {
			return p.fault(err, "", "%s %q: expected a string, found %v", metadataKey, key, describe(tok, err))
		}
		m[key] = s
		return nil
	})
	return m, err
}

func (p headerParser) entry(name string) (entry, error) {
	e := entry{name: name}
	err := p.object(name, func(key string) error {
		var twice bool
		var err error
		switch key {
		case "dtype":
			twice, e.has.dtype = e.has.dtype, true
			e.dtype, err = p.text(name)
		case "shape":
			twice, e.has.shape = e.has.shape, true
			e.shape, err = p.numbers(name, key)
		case "data_offsets":
			twice, e.has.offsets = e.has.offsets, true
			var o []uint64
			if o, err = p.numbers(name, key); err == nil {
				if len(o) != 2 {
					return notJSON(name, "data_offsets: expected [begin, end], found %d numbers", len(o))
				}
				e.begin, e.end = o[0], o[1]
			}
		default:
			return notJSON(name, "unknown field %q, expected dtype, shape and data_offsets", key)
		}
		if twice {
			return refuse(name, DuplicateKey, "field %q occurs twice", key)
		}
		return err
	})
	if err == nil && !(e.has.dtype && e.has.shape && e.has.offsets) {
		err = notJSON(name, "expected dtype, shape and data_offsets, at least one is missing")
	}
	return e, err
}

// object reads {key: value, ..}; value is called with the decoder standing before each value.
func (p headerParser) object(name string, value func(key string) error) error {
	tok, err := p.dec.Token()
	if tok != json.Delim('{') {
		return p.fault(err, name, "expected an object, found %v", describe(tok, err))
	}
	for p.dec.More() {
		tok, err := p.dec.Token()
		key, ok := tok.(string)
		if !ok {
			return p.fault(err, name, "expected a key, found %v", describe(tok, err))
		}
		if err := value(key); err != nil {
			return err
		}
	}
	if tok, err = p.dec.Token(); tok != json.Delim('}') {
		return p.fault(err, name, "expected the end of an object, found %v", describe(tok, err))
	}
	return nil
}

func (p headerParser) text(name string) (string, error) {
	tok, err := p.dec.Token()
	if s, ok := tok.(string); ok {
		return s, nil
	}
	return "", p.fault(err, name, "dtype: expected a string, found %v", describe(tok, err))
}

// numbers reads [n, ..] of whole numbers from 0 to 2^64-1.
func (p headerParser) numbers(name, field string) ([]uint64, error) {
	tok, err := p.dec.Token()
	if tok != json.Delim('[') {
		return nil, p.fault(err, name, "%s: expected an array, found %v", field, describe(tok, err))
	}
	list := []uint64{}
	for p.dec.More() {
		tok, err := p.dec.Token()
		num, ok := tok.(json.Number)
		if !ok {
			return nil, p.fault(err, name, "%s: expected a whole number, found %v", field, describe(tok, err))
		}
		n, err := strconv.ParseUint(string(num), 10, 64)
		if err != nil {
			return nil, notJSON(name, "%s: expected a whole number from 0 to 2^64-1, found %s", field, num)
		}
		list = append(list, n)
	}
	if tok, err = p.dec.Token(); tok != json.Delim(']') {
		return nil, p.fault(err, name, "%s: expected the end of an array, found %v", field, describe(tok, err))
	}
	return list, nil
}

// fault is notJSON, unless reading itself failed: then it is that error.
func (p headerParser) fault(err error, name, format string, args ...any) error {
	var syntax *json.SyntaxError
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) {
		return notJSON(name, format, args...)
	}
	return err
}

func notJSON(name, format string, args ...any) *FormatError {
	return refuse(name, InvalidHeaderJSON, "header: "+format, args...)
}

// describe names a token, or the reason why there is none.
func describe(tok json.Token, err error) string {
	if err != nil {
		return fmt.Sprintf("%q", err)
	}
	return fmt.Sprintf("%.40q", fmt.Sprint(tok))
}

// utf8Reader passes r on and stops at the first byte that is not UTF-8. encoding/json would replace it silently.
type utf8Reader struct {
	r    io.Reader
	tail []byte // the beginning of a character whose rest was not read yet
}

func (u *utf8Reader) Read(p []byte) (int, error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	n := copy(p, u.tail)
	u.tail = u.tail[:0]
	m, err := u.r.Read(p[n:])
	n += m
	whole := n
	if err == nil {
		whole -= unfinished(p[:n])
	}
	if !utf8.Valid(p[:whole]) {
		return 0, refuse("", InvalidHeader, "header is not UTF-8")
	}
	u.tail = append(u.tail, p[whole:n]...)
	return whole, err
}

// unfinished returns how many bytes at the end of b begin a character that needs more bytes.
func unfinished(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if c := b[len(b)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-back:]) {
				return back
			}
			return 0
		}
	}
	return 0
}
