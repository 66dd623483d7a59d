package sample

import (
	"fmt"
	"slices"

	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// decoder is the graph that reads the next tokens of a text: compiled once for a single token, and for the lengths of
// beginnings.
type decoder struct {
	backend compute.Backend
	exec    *model.Exec
	layers  int
	each    shapes.Shape // of a layer's keys, and of its values
}

// newDecoder makes the graph (tokens [1, T], start, last, keys and values of each layer) -> (logits of token last, the
// same keys and values with the T tokens in them).
func newDecoder(backend compute.Backend, store *model.Store, m part.Decoder) (*decoder, error) {
	layers, each := m.Cache(1)
	exec, err := model.NewExec(backend, store, func(s *model.Scope, in []*Node) []*Node {
		cache := &part.Cache{Start: in[1], Keys: slices.Clone(in[3 : 3+layers]), Values: slices.Clone(in[3+layers:])}
		logits := m.Decode(s, in[0], cache)                       // [1, T, V]
		rows := Reshape(logits, logits.Shape().Dimensions[1:]...) // [T, V]
		row := Gather(rows, Reshape(in[2], 1, 1))                 // [1, V]
		return slices.Concat([]*Node{ConvertDType(row, dtypes.Float32)}, cache.Keys, cache.Values)
	})
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	return &decoder{backend, exec.WithName("decode"), layers, each}, nil
}

// reader is a text that grows by a token at a time.
type reader struct {
	*decoder
	cache   []*tensors.Tensor // keys, then values, of each layer
	from, n int               // the cache holds n tokens of the text, the first of them token number from
}

func (d *decoder) begin() *reader {
	r := &reader{decoder: d}
	for range 2 * d.layers {
		r.cache = append(r.cache, tensors.FromShape(d.each))
	}
	return r
}

// logits returns the logits of the token after ids. Each call gets the text of the call before and one token more.
func (r *reader) logits(ids []int32) ([]float32, error) {
	context := r.each.Dimensions[2]
	switch {
	case len(ids) == 0:
		return nil, errNothing
	case r.n == 0:
		r.from = max(0, len(ids)-context)
	case r.n < context:
		r.n++
		return r.read(ids[len(ids)-1:], r.n-1, 0)
	default:
		r.from = len(ids) - max(context/2, 1)
	}
	window := ids[r.from:]
	r.n = len(window)
	return r.read(pad(window, context), 0, r.n-1)
}

// read puts tokens into the cache from position start on and returns the logits of token number last of them. Padding
// that it leaves in the cache is never seen: each position is written before a later one looks at it.
func (r *reader) read(tokens []int32, start, last int) ([]float32, error) {
	in := []any{tensors.FromFlatDataAndDimensions(slices.Clone(tokens), 1, len(tokens)), int32(start), int32(last)}
	for _, c := range r.cache { // the memory of the cache becomes that of the new one
		buffer, err := DonateTensorBuffer(c, r.backend, 0)
		if err != nil {
			return nil, fmt.Errorf("sample: %w", err)
		}
		in = append(in, buffer)
	}
	out, err := r.exec.Exec(in...)
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	r.close()
	r.cache = out[1:]
	defer out[0].FinalizeAll()
	return tensors.CopyFlatData[float32](out[0])
}

// close gives the cache's memory back.
func (r *reader) close() {
	for _, c := range r.cache {
		c.FinalizeAll()
	}
}
