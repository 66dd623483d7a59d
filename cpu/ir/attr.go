package ir

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Attr is what an op needs besides its operands: axes, sizes, types. Each kind that needs something has its own
// struct, named after the kind (TransposeAttr), whose fields are named after compute's parameters. An Attr is
// never changed after its op was made, and holds no values: those of compute's config structs are operands.
type Attr interface {
	write(w *attrWriter)
	read(r *attrReader) Attr
}

// attrWriter appends "key=value" fields to out. Absent things (nil slices, false, invalid types) are left out.
type attrWriter struct {
	out    []byte
	fields int // of the innermost braces
}

// key begins a field.
func (w *attrWriter) key(key string) {
	if w.fields > 0 {
		w.out = append(w.out, ", "...)
	}
	w.fields++
	w.out = append(append(w.out, key...), '=')
}

// attr writes all fields of a.
func (w *attrWriter) attr(a Attr) { w.braces(func() { a.write(w) }) }

// braces puts what write writes between braces.
func (w *attrWriter) braces(write func()) {
	outer := w.fields
	w.fields = 0
	w.out = append(w.out, '{')
	write()
	w.out = append(w.out, '}')
	w.fields = outer
}

func (w *attrWriter) put(key, text string) {
	w.key(key)
	w.out = append(w.out, text...)
}

func (w *attrWriter) int(key string, v int) {
	w.key(key)
	w.out = strconv.AppendInt(w.out, int64(v), 10)
}

func (w *attrWriter) bool(key string, v bool) {
	if v {
		w.put(key, "true")
	}
}

func (w *attrWriter) float32(key string, v float32) {
	w.put(key, strconv.FormatFloat(float64(v), 'g', -1, 32))
}

func (w *attrWriter) float64(key string, v float64) {
	w.put(key, strconv.FormatFloat(v, 'g', -1, 64))
}

func (w *attrWriter) dtype(key string, v dtypes.DType) {
	if v != dtypes.InvalidDType {
		w.put(key, dtypeText(v))
	}
}

func (w *attrWriter) shape(key string, v shapes.Shape) {
	w.key(key)
	w.out = appendShape(w.out, v)
}

func (w *attrWriter) string(key string, v string) {
	if v != "" {
		w.put(key, strconv.Quote(v))
	}
}

func (w *attrWriter) ints(key string, v []int) {
	if v != nil {
		w.key(key)
		w.out = appendInts(w.out, v)
	}
}

func (w *attrWriter) pairs(key string, v [][2]int) {
	if v != nil {
		w.key(key)
		w.out = appendList(w.out, v, func(out []byte, p [2]int) []byte { return appendInts(out, p[:]) })
	}
}

func (w *attrWriter) intLists(key string, v [][]int) {
	if v != nil {
		w.key(key)
		w.out = appendList(w.out, v, appendInts)
	}
}

func (w *attrWriter) bytes(key string, v []byte) {
	w.put(key, strconv.Quote(base64.StdEncoding.EncodeToString(v)))
}

// enum is an integer type of compute whose values have names.
type enum interface {
	~int
	String() string
}

func putEnum[T enum](w *attrWriter, key string, v T) { w.put(key, v.String()) }

func putStruct[T any](w *attrWriter, key string, v T, write func(*attrWriter, T)) {
	w.key(key)
	w.braces(func() { write(w, v) })
}

func putPointer[T any](w *attrWriter, key string, v *T, write func(*attrWriter, T)) {
	if v != nil {
		putStruct(w, key, *v, write)
	}
}

func putStructs[T any](w *attrWriter, key string, v []T, write func(*attrWriter, T)) {
	if v == nil {
		return
	}
	w.key(key)
	w.out = append(w.out, '[')
	for i, e := range v {
		if i > 0 {
			w.out = append(w.out, ", "...)
		}
		w.braces(func() { write(w, e) })
	}
	w.out = append(w.out, ']')
}

func appendInts(out []byte, v []int) []byte {
	return appendList(out, v, func(out []byte, i int) []byte { return strconv.AppendInt(out, int64(i), 10) })
}

func appendList[T any](out []byte, v []T, add func([]byte, T) []byte) []byte {
	out = append(out, '[')
	for i, e := range v {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = add(out, e)
	}
	return append(out, ']')
}

// node is one parsed attribute value: a word, a quoted string, a list, a set of fields or a shape.
type node struct {
	word   string
	quoted bool
	list   []node
	fields map[string]node // nil unless the node is {…}
	isList bool
	shape  shapes.Shape // set when the word is a type
}

// attrReader gives typed access to the fields of a node and keeps the first error.
// Every field that is read is ticked off, so that a misspelt key is an error.
type attrReader struct {
	fields map[string]node
	used   map[string]bool
	result shapes.Shape // of the op's first result; constants need its type
	err    error
}

func newAttrReader(n node) *attrReader {
	return &attrReader{fields: n.fields, used: make(map[string]bool)}
}

func (r *attrReader) get(key string) (node, bool) {
	n, ok := r.fields[key]
	r.used[key] = true
	return n, ok
}

func (r *attrReader) fail(key, want string, n node) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %q: expected %s, got %q", key, want, n.word)
	}
}

// finish returns the first error, an unknown key included.
func (r *attrReader) finish() error {
	if r.err != nil {
		return r.err
	}
	var unknown []string
	for key := range r.fields {
		if !r.used[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("unknown attribute %q", unknown)
	}
	return nil
}

func (r *attrReader) int(key string) int {
	n, _ := r.get(key)
	v, err := strconv.Atoi(n.word)
	if err != nil {
		r.fail(key, "an integer", n)
	}
	return v
}

func (r *attrReader) bool(key string) bool {
	n, ok := r.get(key)
	if ok && n.word != "true" {
		r.fail(key, "true or nothing", n)
	}
	return ok
}

func (r *attrReader) float64(key string) float64 { return r.float(key, 64) }
func (r *attrReader) float32(key string) float32 { return float32(r.float(key, 32)) }

func (r *attrReader) float(key string, bits int) float64 {
	n, _ := r.get(key)
	v, err := strconv.ParseFloat(n.word, bits)
	if err != nil {
		r.fail(key, "a number", n)
	}
	return v
}

func (r *attrReader) dtype(key string) dtypes.DType {
	n, ok := r.get(key)
	if !ok {
		return dtypes.InvalidDType
	}
	dtype, known := dtypeByText[n.word]
	if !known || n.shape.Rank() != 0 {
		r.fail(key, "an element type", n)
	}
	return dtype
}

func (r *attrReader) shape(key string) shapes.Shape {
	n, _ := r.get(key)
	if !n.shape.Ok() {
		r.fail(key, "a type such as f32[2,3]", n)
	}
	return n.shape
}

func (r *attrReader) string(key string) string {
	n, ok := r.get(key)
	if ok && !n.quoted {
		r.fail(key, "a quoted string", n)
	}
	return n.word
}

func (r *attrReader) ints(key string) []int {
	n, ok := r.get(key)
	if !ok {
		return nil
	}
	return r.intsOf(key, n)
}

func (r *attrReader) intsOf(key string, n node) []int {
	if !n.isList {
		r.fail(key, "a list of integers", n)
		return nil
	}
	v := make([]int, len(n.list))
	for i, e := range n.list {
		var err error
		if v[i], err = strconv.Atoi(e.word); err != nil {
			r.fail(key, "a list of integers", e)
		}
	}
	return v
}

func (r *attrReader) intLists(key string) [][]int {
	n, ok := r.get(key)
	if !ok {
		return nil
	}
	v := make([][]int, len(n.list))
	for i, e := range n.list {
		v[i] = r.intsOf(key, e)
	}
	return v
}

func (r *attrReader) pairs(key string) [][2]int {
	lists := r.intLists(key)
	if lists == nil {
		return nil
	}
	v := make([][2]int, len(lists))
	for i, l := range lists {
		if len(l) != 2 {
			r.fail(key, "pairs of integers", node{word: string(appendInts(nil, l))})
			continue
		}
		v[i] = [2]int(l)
	}
	return v
}

func getEnum[T enum](r *attrReader, key string) T {
	n, _ := r.get(key)
	const most = 64 // compute's longest enumeration here has eight values
	for v := T(0); v < most; v++ {
		if v.String() == n.word {
			return v
		}
	}
	r.fail(key, "a name of its enumeration", n)
	return 0
}

func getStruct[T any](r *attrReader, key string, read func(*attrReader) T) T {
	n, _ := r.get(key)
	return structOf(r, key, n, read)
}

func structOf[T any](r *attrReader, key string, n node, read func(*attrReader) T) T {
	if n.fields == nil {
		r.fail(key, "{…}", n)
	}
	inner := newAttrReader(n)
	v := read(inner)
	if err := inner.finish(); err != nil && r.err == nil {
		r.err = fmt.Errorf("attribute %q: %w", key, err)
	}
	return v
}

func getPointer[T any](r *attrReader, key string, read func(*attrReader) T) *T {
	n, ok := r.get(key)
	if !ok {
		return nil
	}
	v := structOf(r, key, n, read)
	return &v
}

func getStructs[T any](r *attrReader, key string, read func(*attrReader) T) []T {
	n, ok := r.get(key)
	if !ok {
		return nil
	}
	v := make([]T, len(n.list))
	for i, e := range n.list {
		v[i] = structOf(r, key, e, read)
	}
	return v
}
