package eval

import (
	"math"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// elementwise: element i of the result from element i of each operand; an axis of length 1, and an operand without axes,
// repeat.
var elementwise = map[ir.Kind]func(c *call) Array{
	ir.Abs: unary(math.Abs), ir.Neg: unary(func(x float64) float64 { return -x }), ir.Sign: unary(sign),
	ir.Ceil: unary(math.Ceil), ir.Floor: unary(math.Floor), ir.Round: unary(math.RoundToEven),
	ir.Sqrt: unary(math.Sqrt), ir.Rsqrt: unary(func(x float64) float64 { return 1 / math.Sqrt(x) }),
	ir.Exp: unary(math.Exp), ir.Expm1: unary(math.Expm1), ir.Log: unary(math.Log), ir.Log1p: unary(math.Log1p),
	ir.Sin: unary(math.Sin), ir.Cos: unary(math.Cos), ir.Tanh: unary(math.Tanh), ir.Erf: unary(math.Erf),
	ir.Logistic:   unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),
	ir.IsNaN:      unary(func(x float64) float64 { return truth(math.IsNaN(x)) }),
	ir.IsFinite:   unary(func(x float64) float64 { return truth(!math.IsNaN(x) && !math.IsInf(x, 0)) }),
	ir.LogicalNot: unary(func(x float64) float64 { return 1 - x }),

	ir.Add: binary(func(x, y float64) float64 { return x + y }), ir.Sub: binary(func(x, y float64) float64 { return x - y }),
	ir.Mul: multiply, ir.Div: divide, ir.Pow: binary(math.Pow), ir.Atan2: binary(math.Atan2), ir.Rem: binary(math.Mod),
	ir.Max: binary(larger), ir.Min: binary(smaller),
	ir.LogicalAnd: binary(math.Min), ir.LogicalOr: binary(math.Max),
	ir.LogicalXor: binary(func(x, y float64) float64 { return truth(x != y) }),

	ir.Equal:          binary(func(x, y float64) float64 { return truth(x == y) }),
	ir.NotEqual:       binary(func(x, y float64) float64 { return truth(x != y) }),
	ir.LessThan:       binary(func(x, y float64) float64 { return truth(x < y) }),
	ir.LessOrEqual:    binary(func(x, y float64) float64 { return truth(x <= y) }),
	ir.GreaterThan:    binary(func(x, y float64) float64 { return truth(x > y) }),
	ir.GreaterOrEqual: binary(func(x, y float64) float64 { return truth(x >= y) }),

	ir.Where: func(c *call) Array {
		return apply(c, func(x []float64) float64 {
			if x[0] != 0 {
				return x[1]
			}
			return x[2]
		})
	},
	ir.Clamp: func(c *call) Array {
		return apply(c, func(x []float64) float64 { return smaller(larger(x[1], x[0]), x[2]) })
	},
	ir.ConvertDType: convert,
}

// apply computes each element of the result of those of the operands.
func apply(c *call, f func(x []float64) float64) Array {
	out, x := c.out(), make([]float64, len(c.args))
	each(out.dims(), func(index []int) {
		for k, a := range c.args {
			x[k] = a.stretched(index)
		}
		out.set(index, f(x))
	})
	return out
}

// stretched returns the element at index of a as it repeats.
func (a Array) stretched(index []int) float64 {
	own := make([]int, len(a.dims()))
	for axis, d := range a.dims() {
		if d > 1 {
			own[axis] = index[axis]
		}
	}
	return a.get(own)
}

func unary(f func(x float64) float64) func(c *call) Array {
	return func(c *call) Array { return apply(c, func(x []float64) float64 { return f(x[0]) }) }
}

func binary(f func(x, y float64) float64) func(c *call) Array {
	return func(c *call) Array { return apply(c, func(x []float64) float64 { return f(x[0], x[1]) }) }
}

func sign(x float64) float64 { return truth(x > 0) - truth(x < 0) }

// larger and smaller are NaN when either is.
func larger(x, y float64) float64 {
	if x > y || math.IsNaN(x) {
		return x
	}
	return y
}

func smaller(x, y float64) float64 {
	if x < y || math.IsNaN(x) {
		return x
	}
	return y
}

// multiply multiplies integers of 32 bits as integers: their product has 64.
func multiply(c *call) Array {
	if t := c.args[0].Shape.DType; t.IsInt() && t.Size() <= 4 {
		return apply(c, func(x []float64) float64 { return float64(int32(int64(x[0]) * int64(x[1]))) })
	}
	return apply(c, func(x []float64) float64 { return x[0] * x[1] })
}

func divide(c *call) Array {
	isInt := c.args[0].Shape.DType.IsInt()
	return apply(c, func(x []float64) float64 {
		if isInt {
			return math.Trunc(x[0] / x[1])
		}
		return x[0] / x[1]
	})
}

// convert cuts floats off towards zero when they become integers; what int32 cannot hold becomes -2^31.
func convert(c *call) Array {
	from, to := c.args[0].Shape.DType, c.op.Result().Shape.DType
	return apply(c, func(x []float64) float64 {
		switch {
		case to == dtypes.Bool:
			return truth(x[0] != 0)
		case from.IsFloat() && to == dtypes.Int32 && !(x[0] >= -1<<31 && x[0] < 1<<31):
			return -1 << 31
		case from.IsFloat() && to.IsInt():
			return math.Trunc(x[0])
		}
		return x[0]
	})
}
