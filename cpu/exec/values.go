package exec

import (
	"fmt"
	"math"
	"os"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// shownTurns is the number of turns of a loop, each of a condition and a body, of which values are printed.
const shownTurns = 3

// printValues writes a line for each value of float32 that step i of p has written.
func printValues(name string, p *plan.Plan, i int, f *frame) {
	s := &p.Steps[i]
	if p.Func.Name != "main" {
		name += " @" + p.Func.Name
	}
	for _, v := range s.Writes {
		if v.Shape.DType == dtypes.Float32 {
			fmt.Fprintf(os.Stderr, "%s: step %d %s: %s %s: %s\n", name, i, s.Name(), v, ir.ShapeText(v.Shape), summarize(f.data[v.ID][:v.Shape.Size()]))
		}
	}
}

// summarize describes numbers: least, mean and greatest of the finite ones, and how many are not finite.
func summarize(x []float32) string {
	least, most, sum := math.Inf(1), math.Inf(-1), 0.0
	nan, inf := 0, 0
	for _, v := range x {
		switch v := float64(v); {
		case math.IsNaN(v):
			nan++
		case math.IsInf(v, 0):
			inf++
		default:
			least, most, sum = min(least, v), max(most, v), sum+v
		}
	}
	text := "no finite number"
	if finite := len(x) - nan - inf; finite > 0 {
		text = fmt.Sprintf("%.4g to %.4g, mean %.4g", least, most, sum/float64(finite))
	}
	if nan+inf > 0 {
		text += fmt.Sprintf("; %d NaN, %d Inf", nan, inf)
	}
	return text
}
