package plan

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Rotation turns pairs of channels by angles, as rotary positions do: element i of row (r0, r1, …) and what lies XDistance after
// it are a pair, whose cosine and sine are those of element i of row (r0, r1, …) of Cos and Sin. Rows begin XSteps, YSteps
// and AngleSteps apart.
type Rotation struct {
	Out        *ir.Value
	X          View
	Cos, Sin   View
	Pairs      int     // of a row
	Neighbours bool    // element i begins at 2*i, and the distance is 1
	Sign       float32 // of the sines

	XDistance, YDistance       int
	Axes                       []int // of the rows
	XSteps, YSteps, AngleSteps []int
}

// Together returns how many rows one after the other have the same angles.
func (r *Rotation) Together() int {
	if last := len(r.Axes) - 1; last >= 0 && r.AngleSteps[last] == 0 {
		return r.Axes[last]
	}
	return 1
}

// String writes the number of rows and of pairs in each, and how pairs lie.
func (r *Rotation) String() string {
	how := "halves"
	if r.Neighbours {
		how = "neighbours"
	}
	return fmt.Sprintf("%dx%d %s", product(r.Axes), r.Pairs, how)
}

// rotation is a concatenation of x0*cos - x1*sin and x1*cos + x0*sin, as graphs write it and as automatic differentiation
// writes its gradient. x0 and x1 are the halves of x along the axis of the concatenation.
type rotation struct {
	x, cos, sin *ir.Value
	sign        float32 // of sin
	inside      map[*ir.Op]bool
}

// findRotations notes every rotation of the function. What it stands for makes no step of its own.
func (p *planner) findRotations(ops []*ir.Op) {
	p.rotations = make(map[*ir.Op]*rotation)
	for _, op := range ops {
		if op.Kind != ir.Concatenate || len(op.Args) != 2 || op.Result().Shape.DType != dtypes.Float32 || op.Result().Shape.Size() == 0 {
			continue
		}
		inside := map[*ir.Op]bool{op: true}
		if r := rotationOf(op, inside); r != nil && r.readsNothingOf(inside) && p.onlyInside(inside, op) {
			r.inside = inside
			p.rotations[op] = r
			for inner := range inside {
				p.absorbed[inner] = inner != op
			}
		}
	}
}

// readsNothingOf reports whether what the rotation reads is made outside, since ops of inside make no step.
func (r *rotation) readsNothingOf(inside map[*ir.Op]bool) bool {
	return !slices.ContainsFunc([]*ir.Value{r.x, r.cos, r.sin}, func(v *ir.Value) bool { return inside[root(v).Def] })
}

// onlyInside reports whether nothing but the ops of inside reads what they make, except for the result of last.
func (p *planner) onlyInside(inside map[*ir.Op]bool, last *ir.Op) bool {
	for op := range inside {
		outside := func(user *ir.Op) bool { return !inside[user] }
		if op != last && (slices.Contains(p.f.Results, op.Result()) || slices.ContainsFunc(p.users[op.Result().ID], outside)) {
			return false
		}
	}
	return true
}

// term is sign * x * y, one of two summands.
type term struct {
	sign float32
	x, y *ir.Value
}

// swapped returns t and t with its factors the other way round.
func (t term) swapped() [2]term { return [2]term{t, {t.sign, t.y, t.x}} }

// terms returns the two products whose sum or difference v is, and adds the ops that make it to inside.
func terms(v *ir.Value, inside map[*ir.Op]bool) (list [2]term, ok bool) {
	op := v.Def
	if op == nil || op.Kind != ir.Add && op.Kind != ir.Sub {
		return list, false
	}
	inside[op] = true
	for i, arg := range op.Args {
		sign := float32(1)
		if op.Kind == ir.Sub && i == 1 {
			sign = -1
		}
		product := positive(arg, &sign, inside).Def
		if product == nil || product.Kind != ir.Mul {
			return list, false
		}
		inside[product] = true
		list[i] = term{sign, positive(product.Args[0], &sign, inside), positive(product.Args[1], &sign, inside)}
		list[i].sign = sign
	}
	return list, true
}

// positive returns what v is without negations, which turn sign.
func positive(v *ir.Value, sign *float32, inside map[*ir.Op]bool) *ir.Value {
	for v.Def != nil && v.Def.Kind == ir.Neg {
		inside[v.Def] = true
		*sign = -*sign
		v = v.Def.Args[0]
	}
	return v
}

// rotationOf matches op; nil when it is another concatenation.
func rotationOf(op *ir.Op, inside map[*ir.Op]bool) *rotation {
	first, ok := terms(op.Args[0], inside)
	if !ok {
		return nil
	}
	second, ok := terms(op.Args[1], inside)
	if !ok {
		return nil
	}
	for i := range 2 {
		for _, c := range first[i].swapped() {
			for _, s := range first[1-i].swapped() {
				for j := range 2 {
					r := turning(op, c, s, second[j], second[1-j])
					if r != nil {
						return r
					}
				}
			}
		}
	}
	return nil
}

// turning returns the rotation of which c = x0*cos and s = -x1*sin are the first half and the others x1*cos and x0*sin are the
// second; nil when they are not.
func turning(op *ir.Op, c, s, otherC, otherS term) *rotation {
	x := halved(op, c.x, s.x)
	if x == nil || c.sign != 1 || otherC.sign != 1 || s.sign != -otherS.sign {
		return nil
	}
	cos, sin := unstretched(c.y), unstretched(s.y)
	is := func(t term, x, table *ir.Value) bool {
		return t.x == x && unstretched(t.y) == table || t.y == x && unstretched(t.x) == table
	}
	channel, _ := pairAxis(op)
	if !cos.Shape.Equal(sin.Shape) || cos.Shape.Rank() != x.Shape.Rank() || cos.Shape.Dimensions[channel] != c.x.Shape.Dimensions[channel] {
		return nil // among others one angle for all pairs
	}
	if !is(otherC, s.x, cos) || !is(otherS, c.x, sin) {
		return nil
	}
	return &rotation{x: x, cos: cos, sin: sin, sign: otherS.sign}
}

// pairAxis returns the axis along which the pairs of a concatenation lie, and whether the two of a pair are neighbours.
func pairAxis(op *ir.Op) (axis int, neighbours bool) {
	dims, along := op.Result().Shape.Dimensions, op.Attr.(ir.ConcatenateAttr).Axis
	last := len(dims) - 1
	if along == last && dims[along] == 2 && last > 0 {
		return last - 1, true
	}
	return last, false
}

// halved returns the value of op's shape whose halves along op's axis are x0 and x1; nil when there is none.
func halved(op *ir.Op, x0, x1 *ir.Value) *ir.Value {
	axis, dims := op.Attr.(ir.ConcatenateAttr).Axis, op.Result().Shape.Dimensions
	for i, v := range []*ir.Value{x0, x1} {
		if v.Def == nil || v.Def.Kind != ir.Slice || v.Def.Args[0] != x0.Def.Args[0] {
			return nil
		}
		a := v.Def.Attr.(ir.SliceAttr)
		for k, d := range dims {
			from, to := 0, d
			if k == axis {
				from, to = i*d/2, (i+1)*d/2
			}
			if a.Starts[k] != from || a.Limits[k] != to || len(a.Strides) > 0 && a.Strides[k] != 1 {
				return nil
			}
		}
	}
	if x := x0.Def.Args[0]; slices.Equal(x.Shape.Dimensions, dims) {
		return x
	}
	return nil
}

// unstretched returns what v repeats along axes of length 1.
func unstretched(v *ir.Value) *ir.Value {
	for v.Def != nil && v.Def.Kind == ir.BroadcastInDim {
		x, axes := v.Def.Args[0], v.Def.Attr.(ir.BroadcastInDimAttr).BroadcastAxes
		if len(axes) != v.Shape.Rank() || !slices.IsSorted(axes) {
			break
		}
		v = x
	}
	return v
}

// rotate makes a step of the rotation that ends with op; false when none does.
func (p *planner) rotate(index int, op *ir.Op) bool {
	r := p.rotations[op]
	if r == nil {
		return false
	}
	dims, axis := op.Result().Shape.Dimensions, op.Attr.(ir.ConcatenateAttr).Axis
	half := slices.Clone(dims)
	half[axis] /= 2
	step, apart := &Rotation{Out: op.Result(), Sign: r.sign}, 1
	channel, isNeighbours := pairAxis(op)
	if step.Neighbours = isNeighbours; isNeighbours {
		apart = 2
	}
	step.Pairs = half[channel]
	if v := p.views[r.x.ID]; v.Strides[channel] != apart || step.Neighbours && v.Strides[axis] != 1 {
		p.own(index, r.x)
	}
	if c, s := p.views[r.cos.ID], p.views[r.sin.ID]; c.Strides[channel] != 1 || !slices.Equal(c.Strides, s.Strides) {
		p.own(index, r.cos)
		p.own(index, r.sin)
	}
	n := &node{op: op, index: index, out: op.Result()}
	for _, v := range []*ir.Value{r.x, r.cos, r.sin} {
		n.args, n.after = append(n.args, p.views[v.ID]), append(n.after, p.after[v.ID]...)
	}
	step.X, step.Cos, step.Sin = n.args[0], p.stretch(n.args[1], half), p.stretch(n.args[2], half)
	y := denseView(op.Result())
	step.XDistance, step.YDistance = half[axis]*step.X.Strides[axis], half[axis]*y.Strides[axis]
	rows := func(strides []int) []int { return slices.Delete(slices.Clone(strides), channel, channel+1) }
	axes, sets := squeezeAll(rows(half), [][]int{rows(step.X.Strides), rows(y.Strides), rows(step.Cos.Strides)})
	step.Axes, sets = collapseAll(axes, sets)
	step.XSteps, step.YSteps, step.AngleSteps = sets[0], sets[1], sets[2]
	n.inner = slices.DeleteFunc(ordered(r.inside), func(inner *ir.Op) bool { return inner == op })
	p.groups[p.newGroup(rotationGroup, n)].rotation = step
	p.views[op.Result().ID] = y
	return true
}

// squeezeAll drops axes of length 1 from several sets of strides.
func squeezeAll(axes []int, sets [][]int) ([]int, [][]int) {
	out := make([][]int, len(sets))
	var kept []int
	for i, s := range sets {
		kept, out[i] = squeeze(axes, s)
	}
	return kept, out
}
