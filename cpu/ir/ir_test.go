package ir_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// sample has every piece of the text form: names that need quotes, captures, operands left out, bodies, attributes.
const sample = `func @main.1(v0 "i": i32, v1 "x": f32[8]) captures (v2: i32) {
  v3 = less_than v0, v2 : bool
  return v3
}

func @main.2(v0 "i": i32, v1 "x": f32[8]) captures (v2: f32[8]) {
  v3 = constant {data=[1]} : i32
  v4 = add v0, v3 : i32
  v5 = mul v1, v2 : f32[8]
  return v4, v5
}

func @main(v0 "odd \"name\"": f32[8,4], v1 "n": i32, v2 "d": f32["a b":?,batch:?,seq:3]) {
  v3 = tanh v0 : f32[8,4]
  v4 = fused_layer_norm v3, -, - {axes=[1], epsilon=1e-05} : f32[8,4]
  v5 = reduce_sum v4 {axes=[1]} : f32[8]
  v6 = constant {data=[0.1, -Inf, 3e+38]} : f32[3]
  v7, v8 = while v1, v5 @main.1(v1) @main.2(v5) : i32, f32[8]
  v9 = convert_dtype v8 {dtype=bf16} : bf16[8]
  return v9, v6
}
`

func TestParsePrints(t *testing.T) {
	f, err := ir.Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.String(); got != sample {
		t.Errorf("printed again:\n%s", got)
	}
}

// TestEveryKindReadsBack makes an op of each kind with an attribute of random contents and demands that the text
// gives the same attribute, field by field.
func TestEveryKindReadsBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range ir.Kinds() {
		if kind == ir.Constant {
			continue // TestConstantsReadBack
		}
		for range 20 {
			f, op := randomOp(rng, kind)
			if err := ir.Verify(f); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			g, err := ir.Parse(f.String())
			if err != nil {
				t.Fatalf("%s: %v\n%s", kind, err, f)
			}
			got := g.Ops[len(g.Ops)-1]
			if got.Kind != kind || !reflect.DeepEqual(got.Attr, op.Attr) {
				t.Fatalf("%s: read back\n%#v, wrote\n%#v\n%s", kind, got.Attr, op.Attr, f)
			}
			if g.String() != f.String() {
				t.Fatalf("%s: printed again\n%s\nfirst\n%s", kind, g, f)
			}
		}
	}
}

func randomOp(rng *rand.Rand, kind ir.Kind) (*ir.Func, *ir.Op) {
	shape := shapes.Make(dtypes.Float32, 2, 3)
	f := ir.NewFunc("main")
	x := f.Param("x", shape)
	args, bodies, results := ir.Arity(kind)
	var attr ir.Attr
	if zero := ir.ZeroAttr(kind); zero != nil {
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(rng, v)
		attr = v.Interface().(ir.Attr)
	}
	list := make([]*ir.Value, args)
	for i := range list {
		if rng.IntN(4) > 0 {
			list[i] = x
		}
	}
	var fns []ir.Body
	for range bodies {
		b := ir.NewFunc("main.1")
		c := b.Capture(shape)
		b.Return(c)
		fns = append(fns, ir.Body{Func: b, Captures: []*ir.Value{x}})
	}
	resultShapes := make([]shapes.Shape, max(results, 1))
	for i := range resultShapes {
		resultShapes[i] = shape
	}
	op := f.Add(kind, list, attr, fns, resultShapes...)
	f.Return(op.Results...)
	return f, op
}

// fill sets every field to something random; slices and pointers are nil, or lists of up to three elements.
func fill(rng *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case dtypes.DType:
		v.Set(reflect.ValueOf([]dtypes.DType{dtypes.InvalidDType, dtypes.Float32, dtypes.BFloat16, dtypes.Uint4}[rng.IntN(4)]))
		return
	case shapes.Shape:
		v.Set(reflect.ValueOf(shapes.MakeDynamic(dtypes.Int8, []int{rng.IntN(9), -1}, []string{"", "batch size"})))
		return
	case compute.FFTType, compute.AttentionAxesLayout, compute.DenseLayout:
		v.SetInt(rng.Int64N(2))
		return
	case compute.ReduceOpType, compute.QuantizationScheme, compute.ActivationType:
		v.SetInt(rng.Int64N(3))
		return
	case compute.GGMLQuantType:
		v.SetInt(rng.Int64N(8))
		return
	}
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(rng.Int64N(200) - 100)
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(float32(rng.NormFloat64() * math.Exp2(float64(rng.IntN(80)-40)))))
	case reflect.String:
		v.SetString([]string{"", "batch", "a \"b\"\n"}[rng.IntN(3)])
	case reflect.Slice:
		if n := rng.IntN(5) - 1; n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(rng, v.Index(i))
				if e := v.Index(i); e.Kind() == reflect.Slice && e.IsNil() {
					e.Set(reflect.MakeSlice(e.Type(), 0, 0)) // inside a list, none and empty are the same text
				}
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(rng, v.Index(i))
		}
	case reflect.Pointer:
		if rng.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(rng, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).Kind() != reflect.Interface { // values are operands, not attributes
				fill(rng, v.Field(i))
			}
		}
	default:
		panic("no random value for " + v.Type().String())
	}
}

func TestConstantsReadBack(t *testing.T) {
	long := make([]float64, 100)
	for i := range long {
		long[i] = math.Exp(float64(i))
	}
	payload := math.Float32frombits(0x7fc12345)
	for _, flat := range []any{
		[]float32{0, float32(math.Copysign(0, -1)), 1e-45, float32(math.Inf(-1))}, []float32{payload, 1}, long,
		[]bool{true, false}, []int8{-128}, []uint64{math.MaxUint64}, []int64{math.MinInt64}, []complex64{1 + 2i}, []float32{},
	} {
		f := ir.NewFunc("main")
		v := reflect.ValueOf(flat)
		op := f.Add(ir.Constant, nil, ir.ConstantAttr{Flat: flat}, nil, shapes.Make(dtypes.FromGoType(v.Type().Elem()), v.Len()))
		f.Return(op.Result())
		g, err := ir.Parse(f.String())
		if err != nil {
			t.Fatalf("%T: %v\n%s", flat, err, f)
		}
		got := g.Ops[0].Attr.(ir.ConstantAttr).Flat
		if string(dtypes.UnsafeByteSliceFromAny(got)) != string(dtypes.UnsafeByteSliceFromAny(flat)) || reflect.TypeOf(got) != v.Type() {
			t.Errorf("wrote %T %v, read back %T %v", flat, flat, got, got)
		}
	}
}

func TestPackedConstantReadsBack(t *testing.T) {
	f := ir.NewFunc("main")
	op := f.Add(ir.Constant, nil, ir.ConstantAttr{Flat: []uint8{0x21, 0x03}}, nil, shapes.Make(dtypes.Int4, 3))
	f.Return(op.Result())
	g, err := ir.Parse(f.String())
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Ops[0].Attr.(ir.ConstantAttr).Flat; !reflect.DeepEqual(got, []uint8{0x21, 0x03}) {
		t.Errorf("read back %v", got)
	}
}

// TestParseRefuses lists texts with one fault each and what the error must say.
func TestParseRefuses(t *testing.T) {
	one := func(line string) string {
		return "func @main(v0 \"x\": f32[2]) {\n" + line + "\nreturn v0\n}"
	}
	for _, c := range []struct{ text, want string }{
		{"", "no function"},
		{one("v1 = tan v0 : f32[2]"), `line 2: unknown op "tan"`},
		{one("v1 = tanh v9 : f32[2]"), `line 2: value "v9" is not defined here`},
		{one("v1 = tanh : f32[2]"), "0 operands, expected 1"},
		{one("v1 = add v0 : f32[2]"), "1 operands, expected 2"},
		{one("v0 = tanh v0 : f32[2]"), "v0 is defined twice"},
		{one("v1, v2 = tanh v0 : f32[2]"), "2 names for 1 types"},
		{one("v1, v2 = tanh v0 : f32[2], f32[2]"), "2 results, expected 1"},
		{one("v1 = tanh v0 {axis=1} : f32[2]"), "attribute given: true, needed: false"},
		{one("v1 = reduce_sum v0 : f32"), "attribute given: false, needed: true"},
		{one("v1 = reduce_sum v0 {axis=[0]} : f32"), `unknown attribute ["axis"]`},
		{one("v1 = reduce_sum v0 {axes=0} : f32"), `attribute "axes": expected a list of integers`},
		{one("v1 = constant {data=[1, 2]} : f32[3]"), "expected 3 elements"},
		{one("v1 = constant {data=[x]} : f32[1]"), "elements of type f32"},
		{one("v1 = tanh v0 : f33[2]"), `unknown element type "f33"`},
		{one("v1 = tanh v0 : f32[?]"), "needs a name"},
		{one("v1 = tanh v0 : f32[-2]"), "expected the length of an axis"},
		{one("v1 = call v0 @sub() : f32[2]"), "unknown function @sub"},
		{"func @main(v0 \"x\": f32[2]) {\nreturn v1\n}", `value "v1" is not defined here`},
		{"func @main(v0 \"x\": f32[2]) {\nreturn\n}", "no results"},
		{"func @main(v0 \"x: f32[2]) {\nreturn v0\n}", "string without end"},
		{one("v1 = tanh v0 ; f32[2]"), "line 2: unexpected ';'"},
	} {
		_, err := ir.Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot error %v, expected one with %q", c.text, err, c.want)
		}
	}
}

// TestVerifyRefuses lists functions that cannot be written as text.
func TestVerifyRefuses(t *testing.T) {
	vector := shapes.Make(dtypes.Float32, 2)
	fn := func(build func(f *ir.Func, x *ir.Value)) *ir.Func {
		f := ir.NewFunc("main")
		x := f.Param("x", vector)
		f.Return(x)
		build(f, x)
		return f
	}
	other := ir.NewFunc("other").Param("y", vector)
	body := ir.NewFunc("body")
	c := body.Capture(vector)
	body.Return(c)
	for _, test := range []struct {
		f    *ir.Func
		want string
	}{
		{fn(func(f *ir.Func, x *ir.Value) { f.Add(ir.Neg, []*ir.Value{other}, nil, nil, vector) }), "not defined before it is read"},
		{fn(func(f *ir.Func, x *ir.Value) { f.Return(other) }), "not a value of this function"},
		{fn(func(f *ir.Func, x *ir.Value) { f.Add(ir.Neg, []*ir.Value{x}, nil, nil, shapes.Shape{}) }), "has no type"},
		{fn(func(f *ir.Func, x *ir.Value) { f.Add(ir.Invalid, nil, nil, nil, vector) }), "no such kind"},
		{fn(func(f *ir.Func, x *ir.Value) { f.Add(ir.Neg, []*ir.Value{x}, ir.ReduceSumAttr{}, nil, vector) }), "attribute of type"},
		{fn(func(f *ir.Func, x *ir.Value) {
			f.Add(ir.Call, []*ir.Value{x}, nil, []ir.Body{{Func: body}}, vector)
		}), "gets 0 captures, expected 1"},
		{fn(func(f *ir.Func, x *ir.Value) {
			wide := f.Param("w", shapes.Make(dtypes.Float32, 3))
			f.Add(ir.Call, []*ir.Value{x}, nil, []ir.Body{{Func: body, Captures: []*ir.Value{wide}}}, vector)
		}), "capture 0 is f32[3], expected f32[2]"},
	} {
		if err := ir.Verify(test.f); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, expected one with %q", err, test.want)
		}
	}
}

func TestUsesAndLiveOps(t *testing.T) {
	f, err := ir.Parse(`func @main(v0 "x": f32[2]) {
  v1 = neg v0 : f32[2]
  v2 = abs v0 : f32[2]
  v3 = add v1, v1 : f32[2]
  return v3, v0
}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Uses(), []int{3, 2, 0, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("uses %v, expected %v", got, want)
	}
	if live := f.LiveOps(); len(live) != 2 || live[0].Kind != ir.Neg || live[1].Kind != ir.Add {
		t.Errorf("live ops %v, expected neg and add", live)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("func @f() {\n v1 = constant {data=\"AAAA\"} : u4[6]\n return v1 }")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ir.Parse(text)
		if err != nil {
			return
		}
		printed := g.String()
		h, err := ir.Parse(printed)
		if err != nil {
			t.Fatalf("%v\nof the printed text\n%s", err, printed)
		}
		if again := h.String(); again != printed {
			t.Fatalf("printed\n%s\nthen\n%s", printed, again)
		}
	})
}
