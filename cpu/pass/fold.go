package pass

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// foldedMax is the size of the largest constant that is computed at compile time, in bytes: a table of positions of 1024 x
// 1024 fits, a weight does not.
const foldedMax = 4 << 20

// fold makes constants of the ops of f that depend on constants alone. What only renames or repeats elements stays an op: a
// view costs nothing and the constant stays small.
func fold(f *ir.Func, env Env) (*ir.Func, error) {
	constant := make([]bool, f.NumValues())
	live := f.LiveOps()
	for _, op := range live {
		if foldable(op, constant) {
			for _, v := range op.Results {
				constant[v.ID] = true
			}
		}
	}
	targets := foldTargets(f, live, constant)
	if len(targets) == 0 {
		return f, nil
	}
	flats, err := env.Fold(constantFunc(f, live, constant, targets))
	if err != nil {
		return nil, err
	}
	for i, v := range targets {
		v.Def.Kind, v.Def.Args, v.Def.Attr = ir.Constant, nil, ir.ConstantAttr{Flat: flats[i]}
	}
	return f, nil
}

func foldable(op *ir.Op, constant []bool) bool {
	if op.Kind == ir.RNGBitGenerator || op.Kind.IsBarrier() || len(op.Bodies) > 0 || len(op.Results) != 1 {
		return false
	}
	for v := range op.Inputs {
		if !constant[v.ID] {
			return false
		}
	}
	shape := op.Result().Shape
	return shape.DType.SizeForDimensions(shape.Size()) <= foldedMax && !shape.DType.IsPacked() && shape.DType != dtypes.InvalidDType
}

// foldTargets lists the constants to compute: those that an op that stays reads, or that are results.
func foldTargets(f *ir.Func, live []*ir.Op, constant []bool) []*ir.Value {
	var targets []*ir.Value
	note := func(v *ir.Value) {
		if constant[v.ID] && !renames(v.Def.Kind) && v.Def.Kind != ir.Constant && !slices.Contains(targets, v) {
			targets = append(targets, v)
		}
	}
	for _, op := range live {
		if stays := renames(op.Kind) || !constant[op.Results[0].ID]; stays {
			for v := range op.Inputs {
				note(v)
			}
		}
	}
	for _, v := range f.Results {
		if v.Def != nil {
			note(v)
		}
	}
	return targets
}

// renames reports whether ops of kind k are views.
func renames(k ir.Kind) bool {
	switch k {
	case ir.Identity, ir.Reshape, ir.Transpose, ir.Slice, ir.BroadcastInDim:
		return true
	}
	return false
}

// constantFunc returns the function without parameters that computes targets.
func constantFunc(f *ir.Func, live []*ir.Op, constant []bool, targets []*ir.Value) *ir.Func {
	only := ir.NewFunc(f.Name + ".constants")
	values, args := make([]*ir.Value, f.NumValues()), []*ir.Value(nil)
	for _, op := range live {
		if !constant[op.Results[0].ID] {
			continue
		}
		args = args[:0]
		for _, v := range op.Args {
			if v != nil {
				v = values[v.ID]
			}
			args = append(args, v)
		}
		values[op.Result().ID] = only.Add(op.Kind, args, op.Attr, nil, op.Result().Shape).Result()
	}
	results := make([]*ir.Value, len(targets))
	for i, v := range targets {
		results[i] = values[v.ID]
	}
	only.Return(results...)
	return only
}
