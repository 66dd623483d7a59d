package elem

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/fma"
)

// Ref is the flavour in pure Go: every function in float64, rounded once to float32. It is the definition that the others
// are tested against, and what runs where there is no assembly.
var Ref = &Table{
	Name: "ref",

	Neg:     unary(func(x float64) float64 { return -x }),
	Abs:     unary(math.Abs),
	Sqrt:    unary(math.Sqrt),
	Rsqrt:   unary(func(x float64) float64 { return 1 / math.Sqrt(x) }),
	Exp:     unary(math.Exp),
	Log:     unary(math.Log),
	Tanh:    unary(math.Tanh),
	Erf:     unary(math.Erf),
	Sigmoid: unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),

	Add: binary(add), AddScalar: scalar(add),
	Sub: binary(sub), SubScalar: scalar(sub),
	Mul: binary(mul), MulScalar: scalar(mul),
	Div: binary(div), DivScalar: scalar(div),
	RSub: binary(rsub), RSubScalar: scalar(rsub),
	RDiv: binary(rdiv), RDivScalar: scalar(rdiv),
	Max: binary(larger), MaxScalar: scalar(larger),
	Min: binary(smaller), MinScalar: scalar(smaller),

	MulAdd: func(dst, x, y, z []float32) {
		for i := range dst {
			dst[i] = fma.Float32(x[i], y[i], z[i])
		}
	},
	MulAddScalar: func(dst, x, z []float32, y float32) {
		for i := range dst {
			dst[i] = fma.Float32(x[i], y, z[i])
		}
	},
}

func add(x, y float32) float32  { return x + y }
func sub(x, y float32) float32  { return x - y }
func mul(x, y float32) float32  { return x * y }
func div(x, y float32) float32  { return x / y }
func rsub(x, y float32) float32 { return y - x }
func rdiv(x, y float32) float32 { return y / x }

func larger(x, y float32) float32 {
	if x > y || x != x {
		return x
	}
	return y
}

func smaller(x, y float32) float32 {
	if x < y || x != x {
		return x
	}
	return y
}

func unary(f func(float64) float64) Unary {
	return func(dst, x []float32) {
		for i := range dst {
			dst[i] = float32(f(float64(x[i])))
		}
	}
}

func binary(f func(x, y float32) float32) Binary {
	return func(dst, x, y []float32) {
		for i := range dst {
			dst[i] = f(x[i], y[i])
		}
	}
}

func scalar(f func(x, y float32) float32) Scalar {
	return func(dst, x []float32, y float32) {
		for i := range dst {
			dst[i] = f(x[i], y)
		}
	}
}
