package cpu_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// rotationLookalikes are graphs of x [4, 16], its halves x0 and x1, and of c and s [4, 8], that are a rotation or nearly one.
var rotationLookalikes = []struct {
	name  string
	graph func(x, x0, x1, c, s *Node) []*Node
	steps int // rotation steps that its plan must have
}{
	{name: "plain", steps: 1, graph: func(_, x0, x1, c, s *Node) []*Node { return turned(x0, x1, c, s) }},
	{name: "the other way round", steps: 1, graph: func(_, x0, x1, c, s *Node) []*Node { return turned(x0, x1, c, Neg(s)) }},
	{name: "cosine is sine", steps: 1, graph: func(_, x0, x1, c, _ *Node) []*Node { return turned(x0, x1, c, c) }},
	{name: "a half is the cosine", steps: 1, graph: func(_, x0, x1, _, s *Node) []*Node { return turned(x0, x1, x0, s) }},
	{name: "halves are cosine and sine", steps: 1, graph: func(_, x0, x1, _, _ *Node) []*Node { return turned(x0, x1, x0, x1) }},
	{name: "a half is both", steps: 1, graph: func(_, x0, x1, _, _ *Node) []*Node { return turned(x0, x1, x0, x0) }},
	{name: "a product is the sine", graph: func(_, x0, x1, c, _ *Node) []*Node { return turned(x0, x1, c, Mul(x1, c)) }},
	{name: "a product is the cosine", graph: func(_, x0, x1, _, s *Node) []*Node { return turned(x0, x1, Mul(x1, s), s) }},
	{name: "a negated product is the sine", graph: func(_, x0, x1, c, _ *Node) []*Node { return turned(x0, x1, c, Neg(Mul(x0, c))) }},
	{name: "a half of the result is a result", graph: func(_, x0, x1, c, s *Node) []*Node { return append(turned(x0, x1, c, s), Mul(x0, c)) }},
	{name: "halves exchanged", graph: func(_, x0, x1, c, s *Node) []*Node { return turned(x1, x0, c, s) }},
	{name: "both added", graph: func(_, x0, x1, c, s *Node) []*Node {
		return []*Node{Concatenate([]*Node{Add(Mul(x0, c), Mul(x1, s)), Add(Mul(x1, c), Mul(x0, s))}, 1)}
	}},
	{name: "negated", graph: func(_, x0, x1, c, s *Node) []*Node {
		return []*Node{Concatenate([]*Node{Sub(Mul(x1, s), Mul(x0, c)), Neg(Add(Mul(x1, c), Mul(x0, s)))}, 1)}
	}},
	{name: "other sines in the second half", graph: func(x, x0, x1, c, s *Node) []*Node {
		return []*Node{Concatenate([]*Node{Sub(Mul(x0, c), Mul(x1, s)), Add(Mul(x1, c), Mul(x0, Tanh(s)))}, 1)}
	}},
	{name: "result rotated again", steps: 2, graph: func(_, x0, x1, c, s *Node) []*Node {
		y := turned(x0, x1, c, s)[0]
		return turned(SliceAxis(y, 1, AxisRange(0, 8)), SliceAxis(y, 1, AxisRange(8, 16)), c, s)
	}},
	{name: "halves of another array", graph: func(x, x0, _, c, s *Node) []*Node {
		return turned(x0, SliceAxis(Tanh(x), 1, AxisRange(8, 16)), c, s)
	}},
	{name: "halves that overlap", graph: func(x, x0, _, c, s *Node) []*Node {
		return turned(x0, SliceAxis(x, 1, AxisRange(7, 15)), c, s)
	}},
	{name: "angles of a row turned over", steps: 1, graph: func(_, x0, x1, c, s *Node) []*Node {
		other := func(v *Node) *Node { return Reshape(TransposeAllDims(Reshape(v, 4, 2, 4), 0, 2, 1), 4, 8) }
		return turned(x0, x1, other(c), s)
	}},
}

// turned is x0 c - x1 s beside x1 c + x0 s.
func turned(x0, x1, c, s *Node) []*Node {
	return []*Node{Concatenate([]*Node{Sub(Mul(x0, c), Mul(x1, s)), Add(Mul(x1, c), Mul(x0, s))}, 1)}
}

// TestLookalikesOfRotation compares each graph with the Go backend and with eval.
func TestLookalikesOfRotation(t *testing.T) {
	reference := openReference(t)
	inputs := func() []any {
		of := func(n, from int) any {
			flat := pattern[float32](4*n, func(k int) float32 { return float32(math.Sin(float64((k + from) * (k + 3) % 1009))) })
			return tensors.FromFlatDataAndDimensions(flat, 4, n)
		}
		return []any{of(16, 1), of(8, 20), of(8, 50)}
	}
	for _, c := range rotationLookalikes {
		t.Run(c.name, func(t *testing.T) {
			graph := func(x, cos, sin *Node) []*Node {
				return c.graph(x, SliceAxis(x, 1, AxisRange(0, 8)), SliceAxis(x, 1, AxisRange(8, 16)), cos, sin)
			}
			p := planAlike(t, reference, graph, inputs)
			if steps := strings.Count(p.String(), " rotation "); steps != c.steps {
				t.Errorf("the plan has %d rotations, want %d:\n%s", steps, c.steps, p)
			}
		})
	}
}
