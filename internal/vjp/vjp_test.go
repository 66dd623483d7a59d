package vjp

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	. "github.com/gomlx/gomlx/core/graph"
)

func TestAtan(t *testing.T) {
	var x, want []float32
	for bits := uint32(0); bits < 0x7f800000; bits += 40961 { // every 40,961st positive float32, and its negative
		v := math.Float32frombits(bits)
		x = append(x, v, -v)
		want = append(want, float32(math.Atan(float64(v))), float32(math.Atan(float64(-v))))
	}
	x = append(x, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()))
	want = append(want, math.Pi/2, -math.Pi/2, float32(math.NaN()))
	got := MustNewExec(testbackend.Get(t), Atan).MustCall1(x).Value().([]float32)
	t.Log(near.Check(t, "atan", got, want, near.Bound{ULP: 3}))
}

func TestUnaryHasItsOwnGradient(t *testing.T) {
	out := MustNewExec(testbackend.Get(t), func(x *Node) (*Node, *Node) {
		y := Unary(x, Floor, func(x *Node) *Node { return MulScalar(x, 2.0) }) // a slope that Floor does not have
		return y, Gradient(ReduceAllSum(Mul(y, y)), x)[0]
	}).MustCall([]float32{1.5, -2.25, float32(math.Inf(1))})
	near.Check(t, "value", out[0].Value().([]float32), []float32{1, -3, float32(math.Inf(1))}, near.Bound{})
	near.Check(t, "gradient", out[1].Value().([]float32)[:2], []float32{2 * 1 * 3, 2 * -3 * -4.5}, near.Bound{})
}
