package part

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

// largest returns the largest singular value of w [rows, columns], by a thousand power iterations in float64.
func largest(w []float32, rows, columns int) float64 {
	v, u, length := make([]float64, columns), make([]float64, rows), 0.0
	for i := range v {
		v[i] = 1 + float64(i%3)
	}
	for range 1000 {
		multiply(u, v, func(i, j int) float64 { return float64(w[i*columns+j]) })
		length = multiply(v, u, func(j, i int) float64 { return float64(w[i*columns+j]) })
	}
	return length
}

// multiply puts the matrix at times the vector x, divided by its length, into y and returns that length.
func multiply(y, x []float64, at func(i, j int) float64) float64 {
	squares := 0.0
	for i := range y {
		y[i] = 0
		for j := range x {
			y[i] += at(i, j) * x[j]
		}
		squares += y[i] * y[i]
	}
	length := math.Sqrt(squares)
	for i := range y {
		y[i] /= length
	}
	return length
}

func gaussian(random *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

// TestSigmaIsTheLargestSingularValue: never above it, near it for a Gaussian matrix, equal to it where one direction stands
// out; and its gradient there is that of finite differences.
func TestSigmaIsTheLargestSingularValue(t *testing.T) {
	const rows, columns = 48, 32
	random := rand.New(rand.NewPCG(1, 2))
	exec := model.MustNewExec(testbackend.Get(t), model.NewStore(), func(s *model.Scope, w *Node) (*Node, *Node) {
		value := sigma(s, w)
		return value, Gradient(value, w)[0]
	})
	run := func(w []float32) (float64, []float32) {
		out := exec.MustCall(tensors.FromFlatDataAndDimensions(w, rows, columns))
		return float64(tensors.ToScalar[float32](out[0])), tensors.MustCopyFlatData[float32](out[1])
	}
	for range 20 {
		w := gaussian(random, rows*columns)
		got, _ := run(w)
		if want := largest(w, rows, columns); got > want*(1+1e-6) || got < 0.93*want {
			t.Errorf("a Gaussian matrix: %v, expected up to %v and at most 7 %% less", got, want)
		}
	}
	w, u, v := gaussian(random, rows*columns), gaussian(random, rows), gaussian(random, columns)
	for i := range w {
		w[i] += u[i/columns] * v[i%columns]
	}
	got, gradient := run(w)
	if want := largest(w, rows, columns); math.Abs(got/want-1) > 1e-6 { // sums of 48 products in float32
		t.Errorf("a matrix with a direction: %v, expected %v", got, want)
	}
	for _, k := range []int{0, 5, 77, 400, rows*columns - 1} {
		const h = 1e-3
		w[k] += h
		above := largest(w, rows, columns)
		w[k] -= 2 * h
		below := largest(w, rows, columns)
		w[k] += h
		// 2e-3 is a step of w in float32 to 6e-5 of itself, over a gradient of up to 0.3.
		if want := (above - below) / (2 * h); math.Abs(float64(gradient[k])-want) > 1e-4 {
			t.Errorf("gradient %d: %v, differences of the exact value give %v", k, gradient[k], want)
		}
	}
}

// TestMethodsComputeTheirFormulas: a dense layer and a residual addition under each method, in float64 by hand.
func TestMethodsComputeTheirFormulas(t *testing.T) {
	const rows, in, out = 3, 8, 6
	random := rand.New(rand.NewPCG(3, 4))
	w, a, b := gaussian(random, out*in), gaussian(random, out), gaussian(random, in)
	for i := range w {
		w[i] += 3 * a[i/in] * b[i%in] // a direction that power iteration finds at once
	}
	x, bias := gaussian(random, rows*in), gaussian(random, out)
	const inBias, gamma, multiplier = 0.3, 1.7, -0.6
	for _, me := range Methods {
		store := model.NewStore()
		for path, value := range map[string]*tensors.Tensor{
			"/dense/weight": tensors.FromFlatDataAndDimensions(w, out, in), "/dense/bias": tensors.FromFlatDataAndDimensions(bias, out),
			"/dense/in_bias": tensors.FromValue([]float32{inBias}), "/dense/gamma": tensors.FromValue([]float32{gamma}),
			"/multiplier": tensors.FromValue([]float32{multiplier}),
		} {
			if _, err := store.CreateVariable(path, value); err != nil {
				t.Fatal(err)
			}
		}
		got := model.MustNewExec(testbackend.Get(t), store, func(s *model.Scope, x *Node) *Node {
			y := me.Dense(s.In("dense"), x, out, param.Normal(1), true)
			return me.Residual(s, y, y)
		}).MustCall1(tensors.FromFlatDataAndDimensions(x, rows, in))
		factor, shift, times := 1.0, 0.0, 1.0
		switch me {
		case Fixup:
			shift, times = inBias, multiplier
		case SkipInit:
			times = multiplier
		case SigmaReparam:
			factor = gamma / largest(w, out, in)
		}
		want := make([]float32, rows*out)
		for i := range want {
			row, column, sum := i/out, i%out, 0.0
			for k := range in {
				sum += factor * float64(w[column*in+k]) * (float64(x[row*in+k]) + shift)
			}
			want[i] = float32((sum + float64(bias[column])) * (1 + times))
		}
		// Eight products of size up to 20 in float32, and a singular value that is exact to 1e-6.
		near.Check(t, string(me), tensors.MustCopyFlatData[float32](got), want, near.Bound{Rel: 5e-6, Abs: 2e-5})
	}
}

func TestUnknownMethodIsRefused(t *testing.T) {
	if Method("rezero").Check() == nil {
		t.Error("method rezero was accepted")
	}
	for _, me := range Methods {
		if err := me.Check(); err != nil {
			t.Error(err)
		}
	}
}
