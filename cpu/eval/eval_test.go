package eval

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// The oracle's own results, worked out by hand: x is [[1, -2, 3], [4, 5, -6]].
func TestRules(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name, ops string
		want      []float64
	}{
		{"add a number", `v1 = constant {data=[10]} : f32  v2 = add v0, v1 : f32[2,3]`, []float64{11, 8, 13, 14, 15, 4}},
		{"rounding to float32", `v1 = constant {data=[0.1]} : f32  v2 = mul v0, v1 : f32[2,3]`,
			[]float64{float64(float32(.1)), -float64(float32(.1)) * 2, float64(float32(3 * float64(float32(.1)))), 4 * float64(float32(.1)), float64(float32(5 * float64(float32(.1)))), float64(float32(-6 * float64(float32(.1))))}},
		{"division by zero", `v1 = constant {data=[0]} : f32  v2 = sub v0, v0 : f32[2,3]  v3 = div v0, v1 : f32[2,3]  v4 = div v2, v1 : f32[2,3]  v5 = concatenate v3, v4 {axis=0} : f32[4,3]`,
			[]float64{inf, -inf, inf, inf, inf, -inf, nan, nan, nan, nan, nan, nan}},
		{"max keeps NaN", `v1 = constant {data=[-1]} : f32  v2 = sqrt v0 : f32[2,3]  v3 = max v2, v1 : f32[2,3]`, []float64{1, nan, float64(float32(math.Sqrt(3))), 2, float64(float32(math.Sqrt(5))), nan}},
		{"compare and choose", `v1 = constant {data=[0]} : f32  v2 = greater_than v0, v1 : bool[2,3]  v3 = where v2, v0, v1 : f32[2,3]`, []float64{1, 0, 3, 4, 5, 0}},
		{"towards zero", `v1 = constant {data=[2]} : f32  v2 = div v0, v1 : f32[2,3]  v3 = convert_dtype v2 {dtype=i32} : i32[2,3]`, []float64{0, -1, 1, 2, 2, -3}},
		{"integers wrap", `v1 = constant {data=[2147483647]} : i32  v2 = add v1, v1 : i32  v3 = mul v1, v1 : i32  v4 = add v2, v3 : i32`, []float64{-1}},
		{"transpose", `v1 = transpose v0 {permutation=[1, 0]} : f32[3,2]`, []float64{1, 4, -2, 5, 3, -6}},
		{"slice", `v1 = slice v0 {starts=[0, 0], limits=[2, 3], strides=[1, 2]} : f32[2,2]`, []float64{1, 3, 4, -6}},
		{"reverse", `v1 = reverse v0 {axes=[1]} : f32[2,3]`, []float64{3, -2, 1, -6, 5, 4}},
		{"iota and broadcast", `v1 = iota {shape=f32[3,2], iota_axis=0} : f32[3,2]  v2 = broadcast_in_dim v1 {output_shape=f32[3,2,2], broadcast_axes=[0, 1]} : f32[3,2,2]`, []float64{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}},
		{"pad", `v1 = constant {data=[9]} : f32  v2 = pad v0, v1 {axes_config=[{start=0, end=0, interior=0}, {start=1, end=-1, interior=1}]} : f32[2,5]`, []float64{9, 1, 9, -2, 9, 9, 4, 9, 5, 9}},
		{"sums", `v1 = reduce_sum v0 {axes=[0]} : f32[3]  v2 = reduce_sum v0 {axes=[0, 1]} : f32  v3 = reshape v2 {dimensions=[1]} : f32[1]  v4 = concatenate v1, v3 {axis=0} : f32[4]`, []float64{5, 3, -3, 5}},
		{"max and first place", `v1 = reduce_max v0 {axes=[1]} : f32[2]  v2 = arg_min_max v0 {axis=1, output_dtype=i32, is_min=true} : i32[2]  v3 = convert_dtype v2 {dtype=f32} : f32[2]  v4 = concatenate v1, v3 {axis=0} : f32[4]`, []float64{3, 5, 1, 2}},
		{"x x^T", `v1 = dot_general v0, v0 {lhs_contracting_axes=[1], rhs_contracting_axes=[1], config={}} : f32[2,2]`, []float64{14, -24, -24, 77}},
		{"rows by batch", `v1 = dot_general v0, v0 {lhs_contracting_axes=[1], lhs_batch_axes=[0], rhs_contracting_axes=[1], rhs_batch_axes=[0], config={}} : f32[2]`, []float64{14, 77}},
		{"gather clamps", `v1 = constant {data=[1, 7]} : i32[2,1]  v2 = gather v0, v1 {index_vector_axis=1, offset_output_axes=[1], collapsed_slice_axes=[0], start_index_map=[0], slice_sizes=[1, 3]} : f32[2,3]`, []float64{4, 5, -6, 4, 5, -6}},
		{"scatter leaves out", `v1 = constant {data=[1, 7]} : i32[2,1]  v2 = scatter_sum v0, v1, v0 {index_vector_axis=1, update_window_axes=[1], inserted_window_axes=[0], scatter_axes_to_operand_axes=[0]} : f32[2,3]`, []float64{1, -2, 3, 5, 3, -3}},
	} {
		text := "func @main(v0 \"x\": f32[2,3]) {\n"
		ops := strings.Split(c.ops, "  ")
		for _, op := range ops {
			text += op + "\n"
		}
		last, _, _ := strings.Cut(ops[len(ops)-1], " ")
		f, err := ir.Parse(text + "return " + last + "\n}\n")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := Run(f, []Array{Of(shapes.Make(dtypes.Float32, 2, 3), []float32{1, -2, 3, 4, 5, -6})})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		same := len(got[0].Elems) == len(c.want)
		for i := range c.want {
			same = same && (got[0].Elems[i] == c.want[i] || math.IsNaN(got[0].Elems[i]) && math.IsNaN(c.want[i]))
		}
		if !same {
			t.Errorf("%s: got %v, expected %v", c.name, got[0].Elems, c.want)
		}
	}
}

// A loop whose body chooses, with values of the function around it, and a sort of two operands.
func TestFunctions(t *testing.T) {
	f, err := ir.Parse(`
func @less(v0 "n": i32, v1 "x": f32) {
  v2 = constant {data=[4]} : i32
  v3 = less_than v0, v2 : bool
  return v3
}
func @double() captures (v0: f32) {
  v1 = add v0, v0 : f32
  return v1
}
func @negate() captures (v0: f32) {
  v1 = neg v0 : f32
  return v1
}
func @body(v0 "n": i32, v1 "x": f32) captures (v2: bool) {
  v3 = constant {data=[1]} : i32
  v4 = add v0, v3 : i32
  v5 = if v2 @double(v1) @negate(v1) : f32
  return v4, v5
}
func @before(v0 "a": f32, v1 "b": f32, v2 "c": f32, v3 "d": f32) {
  v4 = greater_than v0, v2 : bool
  return v4
}
func @main(v0 "x": f32[3], v1 "y": f32[3], v2 "which": bool) {
  v3 = constant {data=[0]} : i32
  v4 = constant {data=[1]} : f32
  v5, v6 = while v3, v4 @less() @body(v2) : i32, f32
  v7, v8 = sort v0, v1 @before() {axis=0, is_stable=true} : f32[3], f32[3]
  return v6, v7, v8
}
`)
	if err != nil {
		t.Fatal(err)
	}
	line := shapes.Make(dtypes.Float32, 3)
	got, err := Run(f, []Array{Of(line, []float32{2, 5, 3}), Of(line, []float32{20, 50, 30}), Of(shapes.Make(dtypes.Bool), []bool{true})})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{16}, {5, 3, 2}, {50, 30, 20}} {
		if !reflect.DeepEqual(got[i].Elems, want) {
			t.Errorf("result %d: got %v, expected %v", i, got[i].Elems, want)
		}
	}
}

// What has no rule is an error with the op's text.
func TestNoRule(t *testing.T) {
	f, err := ir.Parse("func @main(v0 \"x\": f32[4]) {\nv1 = clz v0 : f32[4]\nreturn v1\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(f, []Array{zeros(shapes.Make(dtypes.Float32, 4))})
	if err == nil || !strings.Contains(err.Error(), "v1 = clz v0 : f32[4]: no rule") {
		t.Errorf("got %v", err)
	}
}
