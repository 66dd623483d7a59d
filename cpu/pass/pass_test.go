package pass

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/eval"
	"github.com/dyt-go/dyt/cpu/ir"
)

// fold computes constants as the oracle does.
func foldByEval(f *ir.Func) ([]any, error) {
	results, err := eval.Run(f, nil)
	if err != nil {
		return nil, err
	}
	flats := make([]any, len(results))
	for i, r := range results {
		flats[i] = dtypes.MakeAnySlice(r.Shape.DType, len(r.Elems))
		v := reflect.ValueOf(flats[i])
		for k, x := range r.Elems {
			switch e := v.Index(k); {
			case e.Kind() == reflect.Bool:
				e.SetBool(x != 0)
			case e.CanFloat():
				e.SetFloat(x)
			default:
				e.SetInt(int64(x))
			}
		}
	}
	return flats, nil
}

// inputs draws whole numbers for the parameters of f: sums of them are exact in any order.
func inputs(f *ir.Func) []eval.Array {
	random := rand.New(rand.NewPCG(1, 2))
	var list []eval.Array
	for _, p := range f.Params {
		a := eval.Array{Shape: p.Shape, Elems: make([]float64, p.Shape.Size())}
		for i := range a.Elems {
			a.Elems[i] = float64(random.IntN(13) - 6)
			if p.Shape.DType == dtypes.Bool {
				a.Elems[i] = float64(random.IntN(2))
			}
		}
		list = append(list, a)
	}
	return list
}

// rewrites shows each rule on one function, what is gone and what is there afterwards.
var rewrites = []struct{ rule, text, gone, there string }{
	{"x*1, x/1, -(-x) -> x", `v1 = constant {data=[1]} : f32
		v2 = mul v0, v1 : f32[4,6]
		v3 = div v2, v1 : f32[4,6]
		v4 = neg v3 : f32[4,6]
		v5 = neg v4 : f32[4,6]`, "mul", ""},
	{"pad(a) + pad(b) + ... -> concatenate(a, b, ...)", `v1 = constant {data=[0]} : f32
		v2 = pad v0, v1 {axes_config=[{start=0, end=0, interior=0}, {start=12, end=0, interior=0}]} : f32[4,18]
		v3 = neg v0 : f32[4,6]
		v4 = pad v3, v1 {axes_config=[{start=0, end=0, interior=0}, {start=6, end=6, interior=0}]} : f32[4,18]
		v5 = add v2, v4 : f32[4,18]
		v6 = abs v0 : f32[4,6]
		v7 = pad v6, v1 {axes_config=[{start=0, end=0, interior=0}, {start=0, end=12, interior=0}]} : f32[4,18]
		v8 = add v7, v5 : f32[4,18]`, "pad", "concatenate"},
	{"reduce over mixed axes -> reduce twice", `v1 = reshape v0 {dimensions=[2, 2, 6]} : f32[2,2,6]
		v2 = reduce_sum v1 {axes=[0, 2]} : f32[2]`, "axes=[0, 2]", "axes=[2]"},
	{"reduce over long rows -> reduce pieces, then their results", `v1 = broadcast_in_dim v0 {output_shape=f32[4,6,16384], broadcast_axes=[0, 1]} : f32[4,6,16384]
		v2 = reduce_max v1 {axes=[1, 2]} : f32[4]`, "axes=[1, 2]", "f32[4,24,4096]"},
	{"pow(x, 2) -> x*x", `v1 = constant {data=[2]} : f32
		v2 = pow v0, v1 : f32[4,6]`, "pow", "mul v0, v0"},
	{"x and true -> x", `v1 = constant {data=[0]} : f32
		v2 = constant {data=[true]} : bool
		v3 = greater_than v0, v1 : bool[4,6]
		v4 = logical_and v2, v3 : bool[4,6]`, "logical_and", "greater_than"},
	{"convert to the same type -> x", `v1 = convert_dtype v0 {dtype=f32} : f32[4,6]
		v2 = neg v1 : f32[4,6]`, "convert", ""},
	{"iota -> broadcast of 0, 1, ...", `v1 = iota {shape=f32[4,6], iota_axis=1} : f32[4,6]
		v2 = add v0, v1 : f32[4,6]`, "iota", "broadcast_in_dim"},
	{"reduce_and, reduce_or -> reduce_min, reduce_max of 0 and 1", `v1 = constant {data=[-6]} : f32
		v2 = not_equal v0, v1 : bool[4,6]
		v3 = reduce_logical_and v2 {axes=[1]} : bool[4]`, "reduce_logical_and", "reduce_min"},
}

// Every rule is shown once, does what it says, and changes no result.
func TestRulesKeepResults(t *testing.T) {
	shown := make(map[string]bool)
	for _, c := range rewrites {
		shown[c.rule] = true
		lines := strings.Split(c.text, "\n")
		last, _, _ := strings.Cut(strings.TrimSpace(lines[len(lines)-1]), " ")
		before, err := ir.Parse("func @main(v0 \"x\": f32[4,6]) {\n" + c.text + "\nreturn " + last + "\n}\n")
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		after, err := Run(before, Env{Fold: foldByEval})
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if err := ir.Verify(after); err != nil {
			t.Errorf("%s: %v", c.rule, err)
		}
		if text := after.String(); strings.Contains(text, c.gone) || !strings.Contains(text, c.there) {
			t.Errorf("%s: expected %q and no %q in\n%s", c.rule, c.there, c.gone, text)
		}
		sameResults(t, c.rule, before, after)
	}
	for _, rule := range Rules {
		if !shown[rule.Name] {
			t.Errorf("rule %q is not shown in rewrites", rule.Name)
		}
	}
}

func sameResults(t *testing.T, name string, before, after *ir.Func) {
	t.Helper()
	want, err := eval.Run(before, inputs(before))
	if err != nil {
		t.Fatalf("%s: before: %v", name, err)
	}
	got, err := eval.Run(after, inputs(after))
	if err != nil {
		t.Fatalf("%s: after: %v", name, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: the results differ\nbefore: %v\nafter:  %v", name, want, got)
	}
}

// Nothing is merged, folded or dropped across a barrier.
func TestBarriersStay(t *testing.T) {
	f, err := ir.Parse(`func @main(v0 "x": f32[4,6]) {
  v1 = constant {data=[1]} : f32
  v2, v3 = optimization_barrier v0, v1 : f32[4,6], f32
  v4 = mul v2, v3 : f32[4,6]
  return v4
}
`)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Run(f, Env{Fold: foldByEval})
	if err != nil {
		t.Fatal(err)
	}
	if text := after.String(); !strings.Contains(text, "optimization_barrier") || !strings.Contains(text, "mul") {
		t.Errorf("the barrier or what stands behind it is gone:\n%s", text)
	}
}
