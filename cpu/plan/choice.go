package plan

import (
	"fmt"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Choice replaces rows of an array, as a cache of keys and values is written: rows of X where their truth holds, of Y, which is
// a parameter, elsewhere. Row r of Out begins at r*Row, and so does that of Y; a row has one truth.
type Choice struct {
	Out                *ir.Value
	Truth, X, Y        View
	Row                int
	Axes               []int // of the rows
	TruthSteps, XSteps []int
}

// Rows returns the number of rows.
func (c *Choice) Rows() int { return product(c.Axes) }

// String writes the number of rows and their length.
func (c *Choice) String() string { return fmt.Sprintf("%dx%d", c.Rows(), c.Row) }

// shortChoice is the length of rows from which on moving them one by one pays.
const shortChoice = 8

// choose makes a step of op where it replaces rows of a parameter and is a result; false when it is another op.
func (p *planner) choose(index int, op *ir.Op) bool {
	if p.fusion > Apart || op.Kind != ir.Where || !isWord(op.Result().Shape.DType) || !slices.Contains(p.f.Results, op.Result()) {
		return false
	}
	v, dims := op.Result(), op.Result().Shape.Dimensions
	truth, x, y := p.stretch(p.views[op.Args[0].ID], dims), p.stretch(p.views[op.Args[1].ID], dims), p.views[op.Args[2].ID]
	if !slices.Contains(p.f.Params, y.Root) || !y.rowMajorOf(op.Args[2]) || !op.Args[2].Shape.Equal(v.Shape) || v.Shape.Size() == 0 {
		return false
	}
	c := &Choice{Out: v, Truth: truth, X: x, Y: y, Row: 1}
	at := len(dims)
	for at > 0 && (dims[at-1] == 1 || truth.Strides[at-1] == 0 && x.Strides[at-1] == c.Row) {
		at--
		c.Row *= dims[at]
	}
	if c.Row < shortChoice {
		return false
	}
	axes, sets := squeezeAll(dims[:at], [][]int{truth.Strides[:at], x.Strides[:at]})
	c.Axes, sets = collapseAll(axes, sets)
	c.TruthSteps, c.XSteps = sets[0], sets[1]
	if isZero(c.TruthSteps) { // one truth for everything: better chosen where x is computed
		return false
	}
	n := &node{op: op, index: index, out: v, args: []View{truth, x, y}}
	for _, arg := range op.Args {
		n.after = append(n.after, p.after[arg.ID]...)
	}
	p.groups[p.newGroup(choiceGroup, n)].choice = c
	p.views[v.ID] = denseView(v)
	return true
}
