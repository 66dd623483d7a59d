package eval

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// control: ops that run functions, and barriers, which have as many results as operands.
var control map[ir.Kind]func(c *call) []Array

func init() {
	control = map[ir.Kind]func(c *call) []Array{
		ir.OptimizationBarrier: func(c *call) []Array { return c.args },
		ir.SchedulingBarrier:   func(c *call) []Array { return c.args[:len(c.op.Results)] },
		ir.Call:                func(c *call) []Array { return c.bodies[0](c.args...) },
		ir.If: func(c *call) []Array {
			if c.args[0].Elems[0] != 0 {
				return c.bodies[0]()
			}
			return c.bodies[1]()
		},
		ir.While: func(c *call) []Array {
			state := c.args
			for c.bodies[0](state...)[0].Elems[0] != 0 {
				state = c.bodies[1](state...)
			}
			return state
		},
		ir.Sort: sort,
	}
}

// sort orders, along one axis, all operands alike, by a function that says whether one tuple comes before another.
func sort(c *call) []Array {
	axis := c.op.Attr.(ir.SortAttr).Axis
	x := c.args[0]
	out := make([]Array, len(c.args))
	for k, a := range c.args {
		out[k] = zeros(a.Shape)
	}
	lines := slices.Clone(x.dims())
	lines[axis] = 1
	each(lines, func(line []int) {
		from := slices.Clone(line)
		order := make([]int, x.dims()[axis])
		for i := range order {
			order[i] = i
		}
		element := func(a Array, i int) Array {
			from[axis] = i
			s := a.Shape.Clone()
			s.Dimensions = nil
			return Array{Shape: s, Elems: []float64{a.get(from)}}
		}
		before := func(i, j int) bool {
			var tuple []Array
			for _, place := range []int{i, j} {
				for _, a := range c.args {
					tuple = append(tuple, element(a, place))
				}
			}
			return c.bodies[0](tuple...)[0].Elems[0] != 0
		}
		slices.SortStableFunc(order, func(i, j int) int {
			switch {
			case before(i, j):
				return -1
			case before(j, i):
				return 1
			}
			return 0
		})
		for to, i := range order {
			for k, a := range c.args {
				v := element(a, i).Elems[0]
				from[axis] = to
				out[k].set(from, v)
			}
		}
	})
	return out
}
