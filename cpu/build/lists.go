package build

import (
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/dyt-go/dyt/cpu/ir"
)

// declined are GoMLX's fused ops whose decomposition our passes fuse better: GoMLX gives that when the op is answered
// with ErrNotImplemented. Taking them would compute dense, GELU and softmax twice in training, since the gradient
// uses the decomposition anyway, and FusedDense refuses bf16.
var declined = map[ir.Kind]bool{
	ir.FusedSoftmax:                true,
	ir.FusedGelu:                   true,
	ir.FusedLayerNorm:              true,
	ir.FusedDense:                  true,
	ir.FusedAttentionQKVProjection: true,
}

// Declined returns the ops that are not recorded unless Env.Fused is set.
func Declined() []compute.OpType {
	var ops []compute.OpType
	for kind := range declined {
		ops = append(ops, kind.OpType())
	}
	slices.Sort(ops)
	return ops
}

func shadows(values []*value) ([]compute.Value, error) {
	out := make([]compute.Value, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		var err error
		if out[i], err = v.toShadow(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func shadowFunctions(fns []*Function) []compute.Function {
	out := make([]compute.Function, len(fns))
	for i, f := range fns {
		out[i] = f.shadow
	}
	return out
}

func shapeTexts(values []*value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = "none"
		if v != nil {
			texts[i] = ir.ShapeText(v.ir.Shape)
		}
	}
	return strings.Join(texts, ", ")
}

// splitPointer takes the n values out of an optional config; all are nil when there is none.
func splitPointer[T any](config *T, n int, split func(T) (T, []compute.Value)) (*T, []compute.Value) {
	if config == nil {
		return nil, make([]compute.Value, n)
	}
	stripped, values := split(*config)
	return &stripped, values
}

// splitList takes the values out of each config, in order.
func splitList[T any](configs []T, split func(T) (T, []compute.Value)) ([]T, []compute.Value) {
	if configs == nil {
		return nil, nil
	}
	stripped := make([]T, len(configs))
	var values []compute.Value
	for i, c := range configs {
		var inside []compute.Value
		stripped[i], inside = split(c)
		values = append(values, inside...)
	}
	return stripped, values
}

func cloneLists(lists [][]int) [][]int {
	out := slices.Clone(lists)
	for i, l := range out {
		out[i] = slices.Clone(l)
	}
	return out
}

func one(list []compute.Value, err error) (compute.Value, error) {
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func two(list []compute.Value, err error) (compute.Value, compute.Value, error) {
	if err != nil {
		return nil, nil, err
	}
	return list[0], list[1], nil
}

func three(list []compute.Value, err error) (compute.Value, compute.Value, compute.Value, error) {
	if err != nil {
		return nil, nil, nil, err
	}
	return list[0], list[1], list[2], nil
}

// oneAndMore gives nil for "no more": callers of attention ask whether there are states by comparing with nil.
func oneAndMore(list []compute.Value, err error) (compute.Value, []compute.Value, error) {
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 1 {
		return list[0], nil, nil
	}
	return list[0], list[1:], nil
}
