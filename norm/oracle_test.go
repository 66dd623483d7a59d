package norm

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// fixture is one file of testdata/oracle/norm: a layer of every kind on one input. Its maker, scripts/oracle/norm.py, says
// what the tensors are.
type fixture struct {
	*golden.Fixture
	dtype dtypes.DType // of the input and the output
}

func load(t *testing.T, name string) fixture {
	f := fixture{golden.Load(t, "norm", name), dtypes.Float32}
	if strings.HasSuffix(name, "bf16") {
		f.dtype = dtypes.BFloat16
	}
	return f
}

// spec is the layer of a kind that the fixture holds.
func (f fixture) spec(t *testing.T, kind Kind) Spec {
	axis, err := strconv.Atoi(f.Meta("axis"))
	if err != nil {
		t.Fatal(err)
	}
	eps, err := strconv.ParseFloat(f.Meta("eps"), 64)
	if err != nil {
		t.Fatal(err)
	}
	s := Spec{Kind: kind, Axis: axis, Scale: f.Has("weight"), Offset: f.Has("bias")}
	if kind.Normalizes() {
		s.Eps = eps
		return s
	}
	alpha, _ := f.F64("alpha")
	s.Alpha, s.Alpha0, s.Shift = Mode(f.Meta("alpha")), alpha[0], f.Has("shift")
	return s
}

// run returns y, dx and the gradient of every parameter, by the names of the fixture.
func (f fixture) run(t *testing.T, s Spec) map[string][]float32 {
	t.Helper()
	store := model.NewStore()
	for _, name := range []string{"alpha", "shift", "weight", "bias"} {
		pointwise := name == "alpha" || name == "shift"
		if !f.Has(name) || pointwise && s.Kind.Normalizes() || name == "alpha" && s.Alpha == Fixed {
			continue
		}
		if _, err := store.CreateVariable("/"+name, f.tensor(name)); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	out := model.MustNewExec(testbackend.Get(t), store, func(scope *model.Scope, in []*Node) []*Node {
		x := ConvertDType(in[0], f.dtype)
		y := ConvertDType(s.Apply(scope, x), dtypes.Float32)
		of := []*Node{x}
		names = []string{"y", "dx"}
		for v := range store.IterVariables() {
			of = append(of, v.NodeValue(x))
			names = append(names, "d"+v.Name())
		}
		nodes := append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, in[1])), of...)...)
		for i, name := range names {
			want := dtypes.Float32 // y was converted above
			if name == "dx" {
				want = f.dtype
			}
			if nodes[i].DType() != want {
				t.Errorf("%s: %s is %s, expected %s", s.Kind, name, nodes[i].DType(), want)
			}
			nodes[i] = ConvertDType(nodes[i], dtypes.Float32)
		}
		return nodes
	}).MustCall(f.tensor("x"), f.tensor("dy"))
	got := map[string][]float32{}
	for i, name := range names {
		got[name] = tensors.MustCopyFlatData[float32](out[i])
	}
	return got
}

func (f fixture) tensor(name string) *tensors.Tensor {
	v, shape := f.F32(name)
	return tensors.FromFlatDataAndDimensions(v, shape...)
}

func bound(f *golden.Fixture) near.Bound {
	b := f.Tolerance()
	return near.Bound{Rel: b.Rel, Abs: b.Abs, ULP: b.ULP}
}

// TestLayersMatchTorch holds the output and every gradient of every kind against PyTorch: channels last and first, float32
// and bfloat16, every mode of alpha, with values far beyond saturation. Gradients of parameters are float32 sums whatever
// x is, and are held to the float32 fixtures' tolerance.
func TestLayersMatchTorch(t *testing.T) {
	parameters := bound(golden.Load(t, "norm", "last_f32"))
	for _, name := range []string{"last_f32", "first_f32", "last_bf16", "first_bf16", "channel_f32", "fixed_f32"} {
		f := load(t, name)
		var worst [2]float64 // share of the bound: of y and dx, of the parameters
		for _, kind := range Kinds() {
			if kind.Normalizes() && f.Meta("alpha") == string(Channel) {
				continue
			}
			for what, got := range f.run(t, f.spec(t, kind)) {
				b, i := bound(f.Fixture), 0
				if what != "y" && what != "dx" {
					b, i = parameters, 1
				}
				if kind == "sin" && what == "dalpha" {
					b.Abs = 2.2e-4 // it never saturates: z = 48 is rounded by up to 1.9e-6, which x = 60 and dy = 2 carry into the sum
				}
				want, _ := f.F32(string(kind) + "." + what)
				report := near.Check(t, name+" "+string(kind)+"."+what, got, want, b)
				worst[i] = max(worst[i], report.Share)
			}
		}
		t.Logf("%s: y and dx use %.2f of their bound, gradients of parameters %.2f", name, worst[0], worst[1])
	}
}

// TestInputsReachBeyondSaturation keeps the fixtures honest: without large inputs nothing above would see saturation.
func TestInputsReachBeyondSaturation(t *testing.T) {
	for _, name := range []string{"last_f32", "first_f32", "last_bf16", "first_bf16"} {
		x, _ := load(t, name).F32("x")
		y, _ := load(t, name).F32("dyt.dx")
		large, zero := 0, 0
		for i := range x {
			if math.Abs(float64(x[i])) > 15 {
				large++
				if math.Abs(float64(y[i])) < 1e-7 {
					zero++
				}
			}
		}
		if large < 3 || zero != large {
			t.Errorf("%s: %d inputs beyond 15 and %d vanishing gradients there, expected some and as many", name, large, zero)
		}
	}
}

// TestNaNAndInfMatchTorch: what float32 makes of NaN, of infinities and of the largest numbers, in every kind.
func TestNaNAndInfMatchTorch(t *testing.T) {
	f := load(t, "special_f32")
	for _, kind := range Kinds() {
		s := f.spec(t, kind)
		got := model.MustNewExec(testbackend.Get(t), model.NewStore(), s.Apply).MustCall1(f.tensor("x"))
		want, _ := f.F32(string(kind) + ".y")
		near.Check(t, string(kind), tensors.MustCopyFlatData[float32](got), want, bound(f.Fixture))
	}
}
