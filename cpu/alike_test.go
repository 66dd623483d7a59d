package cpu_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/plan"
)

// Clusters that differ in nothing but their arrays share a program; those that differ in a number, a function, a shape, in how an
// operand lies or in who reads a result do not. Either way each computes from its own arrays.
func TestClustersThatDifferLittle(t *testing.T) {
	step := func(x, y *Node, rate float64) []*Node {
		m := Add(MulScalar(x, 0.9), MulScalar(Square(y), 0.1))
		return []*Node{m, Sub(x, MulScalar(Div(m, Sqrt(AddScalar(Abs(y), 1e-3))), rate))}
	}
	graph := func(in []*Node) (out []*Node) {
		out = append(out, step(in[0], in[1], 0.1)...)
		out = append(out, step(in[2], in[3], 0.1)...)                                 // other arrays
		out = append(out, step(in[4], in[5], 0.1)...)                                 // others again
		out = append(out, step(in[6], in[6], 0.1)...)                                 // one array for two
		out = append(out, step(in[7], in[8], 0.2)...)                                 // another number
		out = append(out, step(in[9], in[10], 0.1)[1])                                // one result alone
		out = append(out, step(in[11], in[12], 0.1)...)                               // another shape
		return append(out, Add(Transpose(in[13], 0, 1), in[14]), Add(in[15], in[16])) // another way to lie
	}
	arguments := func() (list []any) {
		for i := range 17 {
			rows, cols := 40, 24
			if i >= 11 && i <= 13 {
				rows, cols = cols, rows
			}
			list = append(list, waves(rows, cols, float64(i+1)))
		}
		return list
	}
	results := make(map[string][][]float32)
	for _, config := range []string{"profile", "profile,fuse=none"} {
		backend := planned{openBackend(t, config)}
		for _, out := range MustNewExec(backend.Backend, graph).MustCall(arguments()...) {
			flat, err := tensors.CopyFlatData[float32](out)
			fatal(t, err)
			results[config] = append(results[config], flat)
		}
		if config == "profile" {
			if shared := sharedPrograms(backend.last()); shared != 2 {
				t.Errorf("%d clusters share the program of another one, expected 2:\n%s", shared, backend.last())
			}
		}
	}
	for i, want := range results["profile,fuse=none"] {
		for k, x := range results["profile"][i] {
			// A product and a sum are rounded once together, or one after the other.
			if d := math.Abs(float64(x - want[k])); d > 4e-7*(1+math.Abs(float64(want[k]))) {
				t.Fatalf("result %d, element %d: %g, one op at a time %g", i, k, x, want[k])
			}
		}
	}
}

// sharedPrograms counts the clusters of p whose program an earlier one has.
func sharedPrograms(p *plan.Plan) int {
	seen := make(map[*plan.Strips]bool)
	shared := 0
	for _, s := range p.Steps {
		for _, t := range s.Tapes {
			if t.Strips != nil && seen[t.Strips] {
				shared++
			}
			seen[t.Strips] = true
		}
	}
	return shared
}
