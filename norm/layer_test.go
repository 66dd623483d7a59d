package norm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/internal/testbackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// pointwise runs f and its gradient on z, element by element.
func pointwise(t *testing.T, f func(*Node) *Node, z []float32) (value, slope []float32) {
	t.Helper()
	out := MustNewExec(testbackend.Get(t), func(z *Node) (*Node, *Node) {
		y := f(z)
		return y, Gradient(ReduceAllSum(y), z)[0]
	}).MustCall(z)
	return out[0].Value().([]float32), out[1].Value().([]float32)
}

// TestFunctionsComputeTheirFormulas holds every point-wise graph and its gradient against the float64 formula.
func TestFunctionsComputeTheirFormulas(t *testing.T) {
	z := []float32{0, 1e-6, -1e-6, 0.01, -0.3, 0.5, 0.9, -0.99, 1.01, 1.3, -1.4, 1.6, -2, 3, -5, 9.5, 30, -80}
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		z = append(z, 2*float32(random.NormFloat64()))
	}
	for _, f := range functions {
		if f.Kind.Normalizes() {
			continue
		}
		value, slope := pointwise(t, f.graph, z)
		wantF, wantD := make([]float32, len(z)), make([]float32, len(z))
		for i, x := range z {
			wantF[i], wantD[i] = float32(f.F(float64(x))), float32(f.D(float64(x)))
		}
		// A dozen roundings to float32; 1-tanh^2 and 1-exp(-a) cancel, so that the absolute term is one rounding of 1.
		bound := near.Bound{Rel: 2e-6, Abs: 2e-7}
		near.Check(t, string(f.Kind)+" value", value, wantF, bound)
		near.Check(t, string(f.Kind)+" slope", slope, wantD, near.Bound{Rel: 1e-5, Abs: 4e-7})
	}
}

// TestFormulasHaveTheirDerivatives holds D against central differences of F.
func TestFormulasHaveTheirDerivatives(t *testing.T) {
	const h = 1e-6
	for _, f := range functions {
		if f.Kind.Normalizes() {
			continue
		}
		for _, z := range []float64{-7, -2.5, -0.9, -0.31, -0.02, 0.02, 0.31, 0.9, 2.5, 7} {
			want := (f.F(z+h) - f.F(z-h)) / (2 * h)
			if got := f.D(z); math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
				t.Errorf("%s: derivative at %v is %v, differences give %v", f.Kind, z, got, want)
			}
		}
	}
}

func TestInfiniteSlopeIsZeroAtZero(t *testing.T) {
	for _, kind := range []Kind{"exproot", "pow", "powclip"} {
		f, _ := Lookup(kind)
		value, slope := pointwise(t, f.graph, []float32{0, float32(math.Copysign(0, -1))})
		for i := range value {
			if value[i] != 0 || slope[i] != 0 || f.D(0) != 0 {
				t.Errorf("%s at 0: value %v, slope %v, formula's slope %v, expected 0", kind, value[i], slope[i], f.D(0))
			}
		}
	}
}

// TestNaNAndInf: NaN stays NaN in every kind, and infinities give what the formula's limit is where it has one.
func TestNaNAndInf(t *testing.T) {
	inf := float32(math.Inf(1))
	limits := map[Kind]float32{DyT: 1, Derf: 1, "hardtanh": 1, "arctan": 1, "satursin": 1, "arcsinhclip": 1, "logclip": 1,
		"logsquareclip": 1, "powclip": 1, "expsign": 1, "exproot": 1, "identity": inf, "arcsinh": inf, "logsign": inf, "logsquare": inf, "pow": inf}
	for _, f := range functions {
		if f.Kind.Normalizes() {
			continue
		}
		value, _ := pointwise(t, f.graph, []float32{float32(math.NaN()), inf, -inf})
		if value[0] == value[0] {
			t.Errorf("%s(NaN) = %v", f.Kind, value[0])
		}
		if limit, has := limits[f.Kind]; has && (value[1] != limit || value[2] != -limit) {
			t.Errorf("%s(Inf) = %v, (-Inf) = %v, expected %v and %v", f.Kind, value[1], value[2], limit, -limit)
		}
	}
}

// TestLayerGradients holds every gradient of every kind against central differences, for axes first and last, all modes
// of alpha, with and without the affine.
func TestLayerGradients(t *testing.T) {
	specs := []Spec{}
	for _, kind := range Kinds() {
		s := Default(kind).At(Attn)
		s.Alpha0 *= 1.4
		first := s
		first.Axis = 0
		specs = append(specs, s, first)
	}
	channel := Default(Derf).At(Attn)
	channel.Alpha, channel.Axis = Channel, 0
	fixed := Spec{Kind: DyT, Alpha: Fixed, Alpha0: 0.7, Axis: 0}
	for _, s := range append(specs, channel, fixed) {
		checkGradients(t, s)
	}
}

func checkGradients(t *testing.T, s Spec) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v
	}
	const rows, columns = 3, 5
	x, weight := tensors.FromFlatDataAndDimensions(draw(rows*columns), rows, columns), tensors.FromFlatDataAndDimensions(draw(rows*columns), rows, columns)
	store := model.NewStore()
	loss := func(scope *model.Scope, x, weight *Node) *Node { return ReduceAllSum(Mul(s.Apply(scope, x), weight)) }
	value := model.MustNewExec(testbackend.Get(t), store, loss)
	gradients := model.MustNewExec(testbackend.Get(t), store, func(scope *model.Scope, in []*Node) []*Node {
		l := loss(scope, in[0], in[1])
		nodes := []*Node{in[0]}
		for v := range store.IterVariables() {
			nodes = append(nodes, v.NodeValue(l))
		}
		return Gradient(l, nodes...)
	})
	trace := NewGraph(testbackend.Get(t), "trace")
	loss(store.RootScope(), Parameter(trace, "x", x.Shape()), Parameter(trace, "w", x.Shape()))
	if err := param.Fill(store, 1); err != nil {
		t.Fatal(err)
	}
	perturbed := []*tensors.Tensor{x}
	for v := range store.IterVariables() {
		value := v.MustValue()
		tensors.MustMutableFlatData[float32](value, func(flat []float32) {
			for i := range flat {
				flat[i] += 0.1 * float32(random.NormFloat64())
			}
		})
		perturbed = append(perturbed, value)
	}
	got := gradients.MustCall(x, weight)
	for i, tensor := range perturbed {
		analytic := tensors.MustCopyFlatData[float32](got[i])
		for k := range analytic {
			want := difference(func(d float32) float64 {
				tensors.MustMutableFlatData[float32](tensor, func(flat []float32) { flat[k] += d })
				defer tensors.MustMutableFlatData[float32](tensor, func(flat []float32) { flat[k] -= d })
				return float64(value.MustCall1(x, weight).Value().(float32))
			})
			// A float32 loss of size 10 differenced over 2e-2 has an error of about 10 * 6e-8 / 2e-2 = 3e-5, and the third
			// derivative times h^2 adds up to 1e-3 beside the kinks of the clipped kinds, which no draw here hits.
			if math.Abs(float64(analytic[k])-want) > 4e-3*math.Max(1, math.Abs(want)) {
				t.Errorf("%s (alpha %s, axis %d): gradient %d of parameter %d is %v, differences give %v", s.Kind, s.Alpha, s.Axis, k, i, analytic[k], want)
			}
		}
	}
}

func difference(f func(d float32) float64) float64 {
	const h = 1e-2
	return (f(h) - f(-h)) / (2 * h)
}

func TestWidthAlpha0(t *testing.T) {
	for width, want := range map[int][2]float64{768: {1, 1}, 1024: {1, 1}, 2048: {1, 0.5}, 4096: {0.8, 0.2}, 8192: {0.2, 0.05}, 16384: {0.2, 0.05}} {
		if got := WidthAlpha0(width); got.Attn != want[0] || got.FFN != want[1] || got.Final != want[1] {
			t.Errorf("width %d: %v, expected %v", width, got, want)
		}
	}
	got := WidthAlpha0(5120) // table 10 prints 0.6 and 0.15
	if math.Abs(got.Attn/0.6-1) > 0.02 || math.Abs(got.FFN/0.15-1) > 0.02 {
		t.Errorf("width 5120: %v is not within 2 %% of 0.6 / 0.15", got)
	}
}

func TestImpossibleSpecsSayWhy(t *testing.T) {
	for want, s := range map[string]Spec{
		`norm: kind "dty" is unknown`:   {Kind: "dty"},
		`norm: alpha "" is unknown`:     {Kind: DyT, Alpha0: 1},
		"norm: alpha0 = 0":              {Kind: DyT, Alpha: Learned},
		"norm: eps = 0":                 {Kind: LayerNorm},
		"norm: shift belongs to point-": {Kind: RMSNorm, Eps: 1e-6, Shift: true},
	} {
		if err := s.Check(); err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%+v: %v, expected %q...", s, err, want)
		}
	}
}
