package build

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// expressions finds the value of an op that is recorded again.
type expressions struct {
	chains       []*value // values, linked where their hashes end alike; a power of two of them, none before the first
	count        int
	words, other []int
	args         []*ir.Value // of the op that was recorded last
}

// find returns the value that an op with one result has already, or nil and the hash to enter it by.
func (e *expressions) find(kind ir.Kind, attr ir.Attr, args []*ir.Value) (*value, uint64) {
	e.words = appendWords(e.words[:0], kind, attr, args)
	hash := uint64(kind)
	for _, w := range e.words {
		hash = mix(hash, uint64(w))
	}
	for v := e.chain(hash); v != nil; v = v.next {
		if op := v.ir.Def; v.hash == hash && op.Kind == kind {
			e.other = appendWords(e.other[:0], kind, op.Attr, op.Args)
			if slices.Equal(e.words, e.other) {
				return v, hash
			}
		}
	}
	return nil, hash
}

// constant is find for constants.
func (e *expressions) constant(flat any, dims []int) (*value, uint64) {
	data, dtype := dtypes.UnsafeByteSliceFromAny(flat), dtypes.FromGoType(reflect.TypeOf(flat).Elem())
	hash := mix(uint64(ir.Constant), uint64(len(data)))
	for _, b := range data {
		hash = mix(hash, uint64(b))
	}
	for v := e.chain(hash); v != nil; v = v.next {
		if op := v.ir.Def; v.hash == hash && op.Kind == ir.Constant && v.ir.Shape.DType == dtype && slices.Equal(v.ir.Shape.Dimensions, dims) &&
			bytes.Equal(dtypes.UnsafeByteSliceFromAny(op.Attr.(ir.ConstantAttr).Flat), data) {
			return v, hash
		}
	}
	return nil, hash
}

// chain returns the values among which one of this hash is.
func (e *expressions) chain(hash uint64) *value {
	if e.count == 0 {
		return nil
	}
	return e.chains[hash%uint64(len(e.chains))]
}

// enter adds a value, and makes more chains when there are as many values as chains.
func (e *expressions) enter(hash uint64, v *value) {
	v.hash = hash
	if e.count == len(e.chains) {
		old := e.chains
		e.chains = make([]*value, max(64, 4*len(old)))
		for _, v := range old {
			for v != nil {
				next := v.next
				e.link(v)
				v = next
			}
		}
	}
	e.link(v)
	e.count++
}

func (e *expressions) link(v *value) {
	chain := &e.chains[v.hash%uint64(len(e.chains))]
	v.next, *chain = *chain, v
}

// mix adds a word to a hash: an odd factor, and the high bits, which it reaches, folded down.
func mix(hash, word uint64) uint64 {
	hash = (hash ^ word) * 0x9e3779b97f4a7c15
	return hash ^ hash>>32
}

// appendWords writes operands and attribute of an op that infer knows as numbers: equal ops have equal ones.
func appendWords(list []int, kind ir.Kind, attr ir.Attr, args []*ir.Value) []int {
	put := func(more []int) { list = append(append(list, len(more)), more...) }
	list = append(list, len(args))
	for _, v := range args {
		list = append(list, v.ID)
	}
	switch a := attr.(type) {
	case ir.ReshapeAttr:
		put(a.Dimensions)
	case ir.TransposeAttr:
		put(a.Permutation)
	case ir.BroadcastInDimAttr:
		put(a.OutputShape.Dimensions)
		put(a.BroadcastAxes)
	case ir.ReduceSumAttr, ir.ReduceMaxAttr, ir.ReduceMinAttr:
		put(reducedAxes(attr, args[0].Shape.Rank()))
	case ir.DotGeneralAttr:
		put(a.LhsContractingAxes)
		put(a.LhsBatchAxes)
		put(a.RhsContractingAxes)
		put(a.RhsBatchAxes)
		list = append(list, int(a.Config.AccumulatorDType), int(a.Config.OutputDType))
	case ir.SliceAttr:
		put(a.Starts)
		put(a.Limits)
		put(stridesOf(a))
	case ir.ConvertDTypeAttr:
		list = append(list, int(a.Dtype))
	case ir.ConcatenateAttr:
		list = append(list, a.Axis)
	case ir.PadAttr:
		for _, p := range a.AxesConfig {
			list = append(list, p.Start, p.End, p.Interior)
		}
	}
	return list
}
