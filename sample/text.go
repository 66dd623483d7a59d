package sample

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Text continues token sequences with a causal language model.
type Text struct {
	exec    *model.Exec
	context int
	decoder *decoder // nil when the model reads only whole texts
}

// NewText returns the generator of m, whose weights are in store.
func NewText(backend compute.Backend, store *model.Store, m part.Model) (*Text, error) {
	exec, err := model.NewExec(backend, store, func(s *model.Scope, in []*Node) []*Node {
		logits := m.Forward(s, in[0])                      // [1, T, V]
		dims := logits.Shape().Dimensions                  //
		rows := Reshape(logits, dims[1], dims[2])          // [T, V]
		return []*Node{Gather(rows, Reshape(in[1], 1, 1))} // [1, V]
	})
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	t := &Text{exec: exec.WithName("whole text"), context: m.Inputs(1)[0].Dimensions[1]}
	if d, can := m.(part.Decoder); can {
		if t.decoder, err = newDecoder(backend, store, d); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Logits returns the logits of the token after ids. Of more ids than the model's context the last ones count.
//
// The graph is compiled for lengths that are powers of two; what is right of the last id is padding, which no position
// up to it sees.
func (t *Text) Logits(ids []int32) ([]float32, error) {
	if len(ids) == 0 {
		return nil, errNothing
	}
	ids = ids[max(0, len(ids)-t.context):]
	padded := pad(ids, t.context)
	out, err := t.exec.Exec(tensors.FromFlatDataAndDimensions(padded, 1, len(padded)), int32(len(ids)-1))
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	defer out[0].FinalizeAll()
	return tensors.CopyFlatData[float32](out[0])
}

var errNothing = errors.New("sample: no token to continue, expected at least the one that begins a text")

// pad returns ids with zeros behind them, up to a power of two, but no longer than limit.
func pad(ids []int32, limit int) []int32 {
	length := 16
	for length < len(ids) {
		length *= 2
	}
	padded := make([]int32, min(length, limit))
	copy(padded, ids)
	return padded
}

// Continue draws up to n tokens after ids and calls each with every one; it stops early at a token of stop or when each
// returns an error.
//
// A model with a cache reads every token once. When its context is full it goes on from the last half of it, read afresh:
// once in half a context instead of at each token. A model without one reads the last context at each token.
func (t *Text) Continue(ctx context.Context, ids []int32, n int, o Options, seed uint64, stop []int32, each func(prev, id int32) error) error {
	random := rand.New(rand.NewPCG(seed, 0))
	read := t.Logits
	if t.decoder != nil {
		r := t.decoder.begin()
		defer r.close()
		read = r.logits
	}
	for range n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		logits, err := read(ids)
		if err != nil {
			return err
		}
		next := int32(o.Draw(logits, random))
		for _, s := range stop {
			if next == s {
				return nil
			}
		}
		if err := each(ids[len(ids)-1], next); err != nil {
			return err
		}
		ids = append(ids, next)
	}
	return nil
}
