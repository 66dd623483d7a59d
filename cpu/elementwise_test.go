package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/eval"
)

type binaryOp func(a, b compute.Value) (compute.Value, error)

// comparisons, selections and conversions of all types that registers hold, at shapes that make rows, columns and numbers
// of the operands.
func TestTypedOpsEqualTheGoBackends(t *testing.T) {
	ours, reference := openBackends(t)
	shapesOf := [][2][]int{{{37}, {37}}, {{5, 40}, {5, 1}}, {{5, 40}, {1, 40}}, {{6, 3}, {}}, {{}, {7, 5}}, {{300, 20}, {300, 20}}, {{1}, {1}}}
	for i, dims := range shapesOf {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Int32, dtypes.Bool} {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			inputs := []any{draw(random, shapes.Make(dtype, dims[0]...)), draw(random, shapes.Make(dtype, dims[1]...)), draw(random, shapes.Make(dtypes.Bool, dims[0]...))}
			if x, ok := inputs[0].([]float32); ok && len(x) > 3 {
				x[1], x[2] = float32(math.NaN()), float32(math.Inf(-1))
			}
			graph := func(f compute.Function, in []compute.Value) []compute.Value { return typedOps(f, dtype, in, dims) }
			want := evaluate(t, reference, inputs, [][]int{dims[0], dims[1], dims[0]}, graph)
			got := evaluate(t, ours, inputs, [][]int{dims[0], dims[1], dims[0]}, graph)
			for k := range want {
				if !sameValues(got[k], want[k]) {
					t.Errorf("%s %v with %v: result %d: got %v, the Go backend has %v", dtype, dims[0], dims[1], k, got[k], want[k])
				}
			}
			if d := differsFromEval(t, ours, got, inputs, [][]int{dims[0], dims[1], dims[0]}, graph); d != "" {
				t.Errorf("%s %v with %v: %s", dtype, dims[0], dims[1], d)
			}
		}
	}
}

// sameValues is DeepEqual with NaN equal to NaN.
func sameValues(a, b any) bool {
	x, ok := a.([]float32)
	if !ok {
		return reflect.DeepEqual(a, b)
	}
	y := b.([]float32)
	for i := range x {
		if x[i] != y[i] && (x[i] == x[i] || y[i] == y[i]) {
			return false
		}
	}
	return len(x) == len(y)
}

func typedOps(f compute.Function, dtype dtypes.DType, in []compute.Value, dims [2][]int) []compute.Value {
	a, b, c := in[0], in[1], in[2]
	var out []compute.Value
	both := func(ops ...binaryOp) {
		for _, op := range ops {
			out = append(out, must(op(a, b)), must(op(b, a)))
		}
	}
	if dtype == dtypes.Bool {
		both(f.LogicalAnd, f.LogicalOr, f.LogicalXor)
		out = append(out, must(f.LogicalNot(a)), must(f.ConvertDType(a, dtypes.Float32)), must(f.ConvertDType(a, dtypes.Int32)))
	} else {
		both(f.Equal, f.NotEqual, f.Add, f.Sub, f.Mul, f.Max, f.Min, f.LessThan, f.LessOrEqual, f.GreaterThan, f.GreaterOrEqual)
		out = append(out, must(f.Neg(a)), must(f.Abs(a)), must(f.ConvertDType(a, dtypes.Float32)), must(f.ConvertDType(a, dtypes.Bool)), must(f.ConvertDType(b, dtypes.Int32)))
	}
	if dtype == dtypes.Float32 {
		out = append(out, must(f.Floor(b)), must(f.Ceil(b)), must(f.Round(b)), must(f.Sign(a)), must(f.IsNaN(a)), must(f.IsFinite(a)))
	}
	// Where takes operands of the result's shape and numbers.
	number := must(f.Reshape(must(f.Slice(must(f.Reshape(a, size(dims[0]))), []int{0}, []int{1}, []int{1}))))
	out = append(out, must(f.Where(c, a, a)), must(f.Where(c, number, a)), must(f.Where(c, a, number)), must(f.Where(c, number, number)))
	one := must(f.Reshape(must(f.Slice(must(f.Reshape(c, size(dims[0]))), []int{0}, []int{1}, []int{1}))))
	out = append(out, must(f.Where(one, a, number)), must(f.Where(must(f.LogicalNot(one)), a, number)))
	// Truths that stay inside a cluster.
	inside := a
	if dtype != dtypes.Bool {
		inside = must(f.Equal(a, number))
	}
	return append(out, must(f.Where(must(f.LogicalXor(c, inside)), a, number)))
}

// Powers, e^x - 1 and log(1+x) are as near to what float64 gives as their kernels' bounds say: 2 ULP, of 2^-23 at most, and a half of
// the reference's rounding.
func TestPowersAreNear(t *testing.T) {
	ours, reference := openBackends(t)
	for i, dims := range [][2][]int{{{37}, {37}}, {{5, 40}, {1, 40}}, {{6, 3}, {}}, {{}, {7, 5}}, {{300, 20}, {300, 20}}, {{1}, {1}}} {
		random := rand.New(rand.NewPCG(uint64(i), 8))
		inputs := []any{draw(random, shapes.Make(dtypes.Float32, dims[0]...)), draw(random, shapes.Make(dtypes.Float32, dims[1]...))}
		graph := func(f compute.Function, in []compute.Value) []compute.Value {
			a, b := in[0], in[1]
			return []compute.Value{must(f.Expm1(b)), must(f.Log1p(must(f.Abs(b)))), must(f.Pow(a, b)), must(f.Pow(b, a)), must(f.Pow(must(f.Abs(b)), a)), must(f.Pow(must(f.Abs(b)), b))}
		}
		got, want := evaluate(t, ours, inputs, dims[:], graph), evaluate(t, reference, inputs, dims[:], graph)
		for k, w := range evalOf(t, ours, inputs, dims[:], graph) {
			x := eval.Of(w.Shape, got[k]).Elems
			for name, y := range map[string][]float64{"eval": w.Elems, "the Go backend": eval.Of(w.Shape, want[k]).Elems} {
				for at := range y {
					if d := math.Abs(x[at] - y[at]); x[at] != y[at] && !(d <= 2.5*0x1p-23*math.Abs(y[at])) && (x[at] == x[at] || y[at] == y[at]) {
						t.Errorf("%v with %v: result %d, element %d is %g, %s has %g", dims[0], dims[1], k, at, x[at], name, y[at])
					}
				}
			}
		}
	}
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// The Go backend compares no truths.
func TestTruthsAreCompared(t *testing.T) {
	ours, _ := openBackends(t)
	inputs := []any{[]bool{false, false, true, true}, []bool{false, true, false, true}}
	got := evaluate(t, ours, inputs, [][]int{{4}, {4}}, func(f compute.Function, in []compute.Value) []compute.Value {
		return []compute.Value{must(f.Equal(in[0], in[1])), must(f.NotEqual(in[0], in[1]))}
	})
	if want := []any{[]bool{true, false, false, true}, []bool{false, true, true, false}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

// Every set of axes of shapes whose axes are short, long, or longer than a row may be.
func TestReductionsOverAnyAxes(t *testing.T) {
	ours, reference := openBackends(t)
	for _, dims := range [][]int{{3, 4, 5, 6}, {2, 40, 3, 50}, {1, 7, 1, 300}, {4, 1 << 17}, {3, 99991}, {17}} {
		for mask := 1; mask < 1<<len(dims); mask++ {
			var axes []int
			for axis := range dims {
				if mask>>axis&1 == 1 {
					axes = append(axes, axis)
				}
			}
			random := rand.New(rand.NewPCG(uint64(mask), 8))
			inputs := []any{draw(random, shapes.Make(dtypes.Float32, dims...)), draw(random, shapes.Make(dtypes.Bool, dims...))}
			graph := func(f compute.Function, in []compute.Value) []compute.Value {
				return []compute.Value{
					must(f.ReduceSum(in[0], axes...)), must(f.ReduceMax(in[0], axes...)), must(f.ReduceMin(must(f.Neg(in[0])), axes...)),
					must(f.ReduceLogicalAnd(in[1], axes...)), must(f.ReduceLogicalOr(in[1], axes...)),
				}
			}
			want, got := evaluate(t, reference, inputs, [][]int{dims, dims}, graph), evaluate(t, ours, inputs, [][]int{dims, dims}, graph)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%v over %v: got %v, the Go backend has %v", dims, axes, brief(got), brief(want))
			}
		}
	}
}

// One number for each row, beside rows that are longer than a tile and rows that are not.
func TestNumbersOfRowsMeetLongRows(t *testing.T) {
	ours, reference := openBackends(t)
	for _, dims := range [][]int{{8, 4096}, {4, 1 << 17}, {3, 5, 20000}, {300, 40}} {
		one := slices.Clone(dims)
		one[len(one)-1] = 1
		random := rand.New(rand.NewPCG(9, 8))
		inputs := []any{draw(random, shapes.Make(dtypes.Float32, dims...)), draw(random, shapes.Make(dtypes.Float32, one...)), draw(random, shapes.Make(dtypes.Int32, dims...)), draw(random, shapes.Make(dtypes.Int32, one...))}
		graph := func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.Mul(in[0], in[1])), must(f.Sub(in[3], in[2]))}
		}
		all := [][]int{dims, one, dims, one}
		want, got := evaluate(t, reference, inputs, all, graph), evaluate(t, ours, inputs, all, graph)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %v, the Go backend has %v", dims, brief(got), brief(want))
		}
	}
}

func brief(v any) string {
	text := fmt.Sprint(v)
	return text[:min(len(text), 300)]
}

// The sine and the cosine of the kernels are two ULP from the exact value at most, those of the Go backend are rounded once.
func TestSineAndCosineAreNearTheGoBackends(t *testing.T) {
	ours, reference := openBackends(t)
	random := rand.New(rand.NewPCG(3, 7))
	x := make([]float32, 3000)
	for i := range x {
		x[i] = float32(random.NormFloat64() * math.Exp(4*random.NormFloat64()))
	}
	graph := func(f compute.Function, in []compute.Value) []compute.Value {
		return []compute.Value{must(f.Sin(in[0])), must(f.Cos(in[0]))}
	}
	want, got := evaluate(t, reference, []any{x}, [][]int{{3000}}, graph), evaluate(t, ours, []any{x}, [][]int{{3000}}, graph)
	for k, name := range []string{"sin", "cos"} {
		for i, v := range x {
			if a, b := got[k].([]float32)[i], want[k].([]float32)[i]; math.Abs(float64(a)-float64(b)) > 2.5*0x1p-23*math.Abs(float64(b)) {
				t.Errorf("%s %g is %g, the Go backend has %g", name, v, a, b)
			}
		}
	}
}
