package build

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
)

// recorder issues the same calls twice: to a main function as it is, and to one that leaves everything to the shadow.
type recorder struct {
	t      *testing.T
	rng    *rand.Rand
	both   [2]*Function
	values [][2]compute.Value
	good   map[string]int // by kind: calls that were taken
	bad    map[string]int // and that were refused
}

func newRecorder(t *testing.T, engine *delegate.Engine, seed uint64) *recorder {
	r := &recorder{t: t, rng: rand.New(rand.NewPCG(seed, 1)), good: make(map[string]int), bad: make(map[string]int)}
	for i := range r.both {
		r.both[i] = New("test", &Env{Engine: engine}).main
	}
	r.both[1].own = nil
	return r
}

// call issues a call to both, which must answer alike: the same value of the function so far, or the same error.
func (r *recorder) call(kind, what string, issue func(f *Function, pick func(v [2]compute.Value) compute.Value) (compute.Value, error)) {
	r.t.Helper()
	var got [2]compute.Value
	var texts [2]string
	for i, f := range r.both {
		v, err := issue(f, func(v [2]compute.Value) compute.Value { return v[i] })
		if err != nil {
			texts[i] = err.Error()
			continue
		}
		got[i], texts[i] = v, v.(*value).ir.String()
	}
	if texts[0] != texts[1] {
		r.t.Fatalf("%s%s: got %s, the shadow says %s", kind, what, texts[0], texts[1])
	}
	if got[0] == nil {
		r.bad[kind]++
		return
	}
	r.good[kind]++
	r.values = append(r.values, got)
}

func (r *recorder) any() [2]compute.Value { return r.values[r.rng.IntN(len(r.values))] }

// list returns n numbers, now and then ones that are out of range for axes of arrays of rank n.
func (r *recorder) list(n int) []int {
	list := r.rng.Perm(n)
	if r.rng.IntN(4) == 0 {
		for i := range list {
			list[i] = r.rng.IntN(6) - 1
		}
	}
	return list
}

func (r *recorder) shapeOf(v [2]compute.Value) shapes.Shape { return v[0].(*value).ir.Shape }

var (
	unary = []ir.Kind{
		ir.Neg, ir.Abs, ir.Sign, ir.Sqrt, ir.Rsqrt, ir.Exp, ir.Expm1, ir.Log, ir.Log1p, ir.Tanh, ir.Erf, ir.Logistic, ir.Sin, ir.Cos, ir.Floor, ir.Ceil, ir.Round,
		ir.LogicalNot, ir.Identity, ir.IsFinite,
	}
	binary = []ir.Kind{
		ir.Add, ir.Sub, ir.Mul, ir.Div, ir.Max, ir.Min, ir.Pow, ir.Rem, ir.LogicalAnd, ir.LogicalOr, ir.LogicalXor,
		ir.Equal, ir.NotEqual, ir.LessThan, ir.LessOrEqual, ir.GreaterThan, ir.GreaterOrEqual,
	}
	moving = []ir.Kind{
		ir.Reshape, ir.Transpose, ir.BroadcastInDim, ir.ReduceSum, ir.ReduceMax, ir.ReduceMin, ir.DotGeneral, ir.Slice, ir.Concatenate, ir.Pad, ir.ConvertDType,
	}
)

// op issues one random call.
func (r *recorder) op() {
	x, y, z := r.any(), r.any(), r.any()
	shape := r.shapeOf(x)
	rank := shape.Rank()
	kinds := slices.Concat(unary, binary, moving, []ir.Kind{ir.Where, ir.Iota})
	kind := kinds[r.rng.IntN(len(kinds))]
	args, attr := [][2]compute.Value{x}, ir.Attr(nil)
	switch kind {
	case ir.Reshape:
		dims := []int{shape.Size()}
		if r.rng.IntN(3) == 0 {
			dims = []int{1, r.rng.IntN(7), r.rng.IntN(4)}
		}
		attr = ir.ReshapeAttr{Dimensions: dims}
	case ir.Transpose:
		attr = ir.TransposeAttr{Permutation: r.list(rank)}
	case ir.BroadcastInDim:
		out := shapes.Make(shape.DType, append([]int{2, 3}, shape.Dimensions...)...)
		axes := r.list(rank)
		for i := range axes {
			axes[i] += 2
		}
		attr = ir.BroadcastInDimAttr{OutputShape: out, BroadcastAxes: axes}
	case ir.ReduceSum, ir.ReduceMax, ir.ReduceMin:
		axes := r.list(rank)[:r.rng.IntN(rank+1)]
		attr = map[ir.Kind]ir.Attr{ir.ReduceSum: ir.ReduceSumAttr{Axes: axes}, ir.ReduceMax: ir.ReduceMaxAttr{Axes: axes}, ir.ReduceMin: ir.ReduceMinAttr{Axes: axes}}[kind]
	case ir.DotGeneral:
		args = append(args, y)
		n := r.rng.IntN(3)
		left, right := append(r.list(rank), 0, 1, 2), append(r.list(r.shapeOf(y).Rank()), 0, 1, 2)
		batch := r.rng.IntN(n + 1)
		attr = ir.DotGeneralAttr{LhsContractingAxes: left[batch:n], LhsBatchAxes: left[:batch], RhsContractingAxes: right[batch:n], RhsBatchAxes: right[:batch]}
		if r.rng.IntN(2) == 0 {
			a := attr.(ir.DotGeneralAttr)
			a.Config = compute.DotGeneralConfig{AccumulatorDType: dtypes.Float32, OutputDType: dtypes.Float32}
			attr = a
		}
	case ir.Slice:
		starts, limits := make([]int, rank), make([]int, rank)
		for i, d := range shape.Dimensions {
			starts[i], limits[i] = r.rng.IntN(3)-1, d-r.rng.IntN(2)
		}
		a := ir.SliceAttr{Starts: starts, Limits: limits}
		if r.rng.IntN(2) == 0 {
			a.Strides = ones(rank)
		}
		attr = a
	case ir.Concatenate:
		args, attr = [][2]compute.Value{x, y, x}[:1+r.rng.IntN(3)], ir.ConcatenateAttr{Axis: r.rng.IntN(4) - 1}
	case ir.Pad:
		config := make([]compute.PadAxis, r.rng.IntN(rank+2))
		for i := range config {
			config[i] = compute.PadAxis{Start: r.rng.IntN(4) - 1, End: r.rng.IntN(3), Interior: r.rng.IntN(2)}
		}
		args, attr = append(args, y), ir.PadAttr{AxesConfig: config}
	case ir.ConvertDType:
		attr = ir.ConvertDTypeAttr{Dtype: []dtypes.DType{dtypes.Float32, dtypes.Int32, dtypes.Bool, dtypes.Float64, dtypes.InvalidDType}[r.rng.IntN(5)]}
	case ir.Iota:
		args, attr = nil, ir.IotaAttr{Shape: shapes.Make(dtypes.Int32, 2, 3), IotaAxis: r.rng.IntN(2)}
	case ir.Where:
		args = append(args, y, z)
	default:
		if slices.Contains(binary, kind) {
			args = append(args, y)
		}
	}
	what := ""
	for _, v := range args {
		what += " " + ir.ShapeText(r.shapeOf(v))
	}
	r.call(kind.String(), fmt.Sprintf("%s %+v", what, attr), func(f *Function, pick func(v [2]compute.Value) compute.Value) (v compute.Value, err error) {
		list := make([]compute.Value, len(args))
		for i, a := range args {
			list[i] = pick(a)
		}
		defer func() { // compute's rules panic for some axes
			if cause := recover(); cause != nil {
				v, err = nil, fmt.Errorf("panic: %v", cause)
			}
		}()
		return one(f.record(kind, attr, nil, list))
	})
}

// What is inferred here is what the Go backend answers: the same shapes, the same values where expressions are equal, and errors
// in the same words.
func TestInferredAsTheGoBackendAnswers(t *testing.T) {
	engine, err := delegate.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	good, bad := make(map[string]int), make(map[string]int)
	for seed := range uint64(60) {
		r := newRecorder(t, engine, seed)
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float32, dtypes.Int32, dtypes.Bool, dtypes.Float64} {
			for _, dims := range [][]int{{}, {1}, {3}, {2, 3}, {3, 2}, {1, 3}, {2, 1, 3}} {
				r.call("parameter", "", func(f *Function, _ func([2]compute.Value) compute.Value) (compute.Value, error) {
					return f.Parameter("x", shapes.Make(dtype, dims...), nil)
				})
			}
		}
		for _, flat := range []any{[]float32{1, 2}, []float32{1, 2}, []float32{2, 1}, []int32{1, 2}, []bool{true, false}, []string{"a", "b"}, []float32{1}, 1} {
			r.call("constant", "", func(f *Function, _ func([2]compute.Value) compute.Value) (compute.Value, error) {
				return f.Constant(flat, 2)
			})
		}
		for range 600 {
			r.op()
		}
		if got, want := r.both[0].ir.String(), r.both[1].ir.String(); got != want {
			t.Fatalf("seed %d: recorded\n%s\nwith the shadow\n%s", seed, got, want)
		}
		for kind, n := range r.good {
			good[kind] += n
		}
		for kind, n := range r.bad {
			bad[kind] += n
		}
	}
	for kind, n := range good {
		if n < 3 {
			t.Errorf("%s: only %d calls were taken", kind, n)
		}
		if !slices.Contains([]string{"parameter", "identity", "iota", "convert_dtype"}, kind) && bad[kind] < 3 {
			t.Errorf("%s: only %d calls were refused", kind, bad[kind])
		}
	}
}

// Bounds of a slice that count from the end are recorded as the places that they mean.
func TestSliceBoundsFromTheEnd(t *testing.T) {
	engine, err := delegate.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	main := New("test", &Env{Engine: engine}).main
	x, err := main.Parameter("x", shapes.Make(dtypes.Float32, 5, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := main.Slice(x, []int{-3, 1}, []int{-1, 9}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.(*value).ir.Def.String(), "v1 = slice v0 {starts=[2, 1], limits=[4, 4]} : f32[2,3]"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// The Go backend names the axes of some results "", which is no name: what follows such a result is inferred here all the same.
func TestAxesNamedNothing(t *testing.T) {
	engine, err := delegate.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	main := New("test", &Env{Engine: engine}).main
	check := func(v compute.Value, err error) compute.Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	table := check(main.Parameter("table", shapes.Make(dtypes.Float32, 7, 4).WithAxisNames("", ""), nil))
	words := check(main.Parameter("words", shapes.Make(dtypes.Int32, 3, 1), nil))
	rows := check(main.Gather(table, words, 1, []int{1}, []int{0}, []int{0}, []int{1, 4}, false))
	wide := check(main.BroadcastInDim(rows, shapes.Make(dtypes.Float32, 2, 3, 4).WithAxisNames("", "", ""), []int{1, 2}))
	for _, v := range []compute.Value{check(main.Neg(table)), check(main.Neg(rows)), wide, check(main.Neg(wide))} {
		if v := v.(*value); v.shadow != nil {
			t.Errorf("%s was issued to the shadow", v.ir.Def)
		}
	}
}
