package cpu_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

func (g *randomGraph) step() {
	x := g.pick()
	dims := g.shape(x)
	rank := len(dims)
	switch choice := g.random.IntN(16); {
	case choice <= 1:
		g.unary(x)
	case choice <= 4:
		g.binary(x)
	case choice == 5 && rank > 0:
		permutation := g.random.Perm(rank)
		v, err := g.f.Transpose(x, permutation...)
		g.add(fmt.Sprint("transpose ", permutation), v, err, g.size(x), g.off(x))
	case choice == 6:
		v, err := g.f.Reshape(x, g.otherDims(dims)...)
		g.add("reshape", v, err, g.size(x), g.off(x))
	case choice == 7 && rank > 0:
		g.slice(x, dims)
	case choice == 8 && rank < 4:
		axes := g.random.Perm(rank + 1)[:rank]
		for i := range axes {
			axes[i] = i
		}
		at := g.random.IntN(rank + 1)
		out := append(append(append([]int{}, dims[:at]...), 1+g.random.IntN(4)), dims[at:]...)
		for i := at; i < rank; i++ {
			axes[i] = i + 1
		}
		v, err := g.f.BroadcastInDim(x, shapes.Make(dtypes.Float32, out...), axes)
		g.add(fmt.Sprint("broadcast ", out), v, err, g.size(x), g.off(x))
	case choice <= 10 && rank > 0:
		g.reduce(x, dims)
	case choice == 11 && rank > 0:
		axis := g.random.IntN(rank)
		v, err := g.f.Concatenate(axis, x, x)
		g.add(fmt.Sprint("concatenate ", axis), v, err, g.size(x), g.off(x))
	case choice == 12 && rank > 0:
		pads := make([]compute.PadAxis, rank)
		pads[g.random.IntN(rank)] = compute.PadAxis{Start: g.random.IntN(3), End: g.random.IntN(3), Interior: g.random.IntN(2)}
		v, err := g.f.Pad(x, g.scalar(0.5), pads...)
		g.add(fmt.Sprint("pad ", pads), v, err, max(g.size(x), 0.5), g.off(x))
	case choice == 13 && rank > 0:
		g.gather(x, dims)
	case choice == 14 && rank > 0:
		g.scatter(x, dims)
	case rank > 0 && g.random.IntN(2) == 0:
		g.dense(x, dims)
	case rank > 0:
		g.dot(x, dims)
	}
}

func (g *randomGraph) unary(x compute.Value) {
	switch g.random.IntN(10) {
	case 0:
		v, err := g.f.Tanh(x)
		g.add("tanh", v, err, 1, g.off(x))
	case 1:
		v, err := g.f.Exp(g.bounded(x))
		g.add("exp", v, err, math.Exp(2), math.Exp(2)*g.off(x))
	case 2:
		v, err := g.f.Neg(x)
		g.add("neg", v, err, g.size(x), g.off(x))
	case 3:
		v, err := g.f.Logistic(x)
		g.add("logistic", v, err, 1, g.off(x)/4)
	case 4:
		v, err := g.f.Erf(x)
		g.add("erf", v, err, 1, 1.13*g.off(x))
	case 5:
		v, err := g.f.Abs(x)
		g.add("abs", v, err, g.size(x), g.off(x))
	case 6:
		v, err := g.f.Sin(x)
		g.add("sin", v, err, 1, g.off(x))
	case 7: // has no kernel: a region in the middle
		v, err := g.f.Reverse(x, g.random.Perm(len(g.shape(x)))...)
		g.add("reverse", v, err, g.size(x), g.off(x))
	case 8: // continuous where the condition changes
		v, err := g.f.Where(must(g.f.GreaterThan(x, g.scalar(0.5))), x, g.scalar(0.5))
		g.add("where", v, err, max(g.size(x), 0.5), g.off(x))
	case 9:
		g.barrier(x, g.pick())
	}
}

// barrier holds x and y until both are there. The Go backend has no barriers, and takes values one after the other anyway.
func (g *randomGraph) barrier(x, y compute.Value) {
	held, err := g.f.OptimizationBarrier(x, y)
	if compute.IsNotImplemented(err) {
		held, err = []compute.Value{must(g.f.Identity(x)), must(g.f.Identity(y))}, nil
	}
	if err != nil {
		panic(err)
	}
	g.add("barrier", held[0], nil, g.size(x), g.off(x))
	g.add("barrier", held[1], nil, g.size(y), g.off(y))
}

// binary combines x with a value of its shape, or one that broadcasts to it.
func (g *randomGraph) binary(x compute.Value) {
	dims := g.shape(x)
	var fits []compute.Value
	for _, v := range g.values {
		other, ok := g.shape(v), true
		if len(other) == 0 {
			fits = append(fits, v)
			continue
		}
		if len(other) != len(dims) {
			continue
		}
		for i := range dims {
			ok = ok && (other[i] == dims[i] || other[i] == 1)
		}
		if ok {
			fits = append(fits, v)
		}
	}
	y := fits[g.random.IntN(len(fits))]
	if g.random.IntN(2) == 0 {
		x, y = y, x
	}
	ops := []func(a, b compute.Value) (compute.Value, error){g.f.Add, g.f.Sub, g.f.Mul, g.f.Max, g.f.Min}
	i, a, b := g.random.IntN(len(ops)), g.size(x), g.size(y)
	v, err := ops[i](x, y)
	da, db := g.off(x), g.off(y)
	offs := []float64{da + db, da + db, a*db + b*da, max(da, db), max(da, db)}
	sizes := []float64{a + b, a + b, a * b, max(a, b), max(a, b)}
	g.add("binary "+[]string{"add", "sub", "mul", "max", "min"}[i], v, err, sizes[i], offs[i])
}

func (g *randomGraph) slice(x compute.Value, dims []int) {
	starts, limits, strides := make([]int, len(dims)), make([]int, len(dims)), make([]int, len(dims))
	for i, d := range dims {
		starts[i] = g.random.IntN(d)
		limits[i] = starts[i] + 1 + g.random.IntN(d-starts[i])
		strides[i] = 1 + g.random.IntN(2)
	}
	v, err := g.f.Slice(x, starts, limits, strides)
	g.add(fmt.Sprint("slice ", starts, limits, strides), v, err, g.size(x), g.off(x))
}

// indices is a constant of n places along an axis of length d.
func (g *randomGraph) indices(n, d int) compute.Value {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(g.random.IntN(d))
	}
	return must(g.f.Constant(list, n, 1))
}

// gather picks some of x along its first axis.
func (g *randomGraph) gather(x compute.Value, dims []int) {
	n := 1 + g.random.IntN(6)
	sizes, offsets := slices.Clone(dims), make([]int, len(dims)-1)
	sizes[0] = 1
	for i := range offsets {
		offsets[i] = i + 1
	}
	v, err := g.f.Gather(x, g.indices(n, dims[0]), 1, offsets, []int{0}, []int{0}, sizes, false)
	g.add(fmt.Sprint("gather ", n), v, err, g.size(x), g.off(x))
}

// scatter adds x to zeros along the first axis.
func (g *randomGraph) scatter(x compute.Value, dims []int) {
	if dims[0] > 64 {
		return
	}
	out, window := slices.Clone(dims), make([]int, len(dims)-1)
	out[0] = 1 + g.random.IntN(6)
	for i := range window {
		window[i] = i + 1
	}
	zeros := must(g.f.BroadcastInDim(g.scalar(0), shapes.Make(dtypes.Float32, out...), nil))
	v, err := g.f.ScatterSum(zeros, g.indices(dims[0], out[0]), x, 1, window, []int{0}, []int{0}, false, false)
	g.add(fmt.Sprint("scatter to ", out[0]), v, err, g.size(x)*float64(dims[0]), sumOff(dims[0], g.size(x), g.off(x)))
}

func (g *randomGraph) reduce(x compute.Value, dims []int) {
	axes := g.random.Perm(len(dims))[:1+g.random.IntN(len(dims))]
	if g.random.IntN(3) == 0 {
		v, err := g.f.ReduceMax(x, axes...)
		g.add(fmt.Sprint("reduce_max ", axes), v, err, g.size(x), g.off(x))
		return
	}
	terms := 1
	for _, axis := range axes {
		terms *= dims[axis]
	}
	if terms > 1<<12 {
		return // the order of the terms would show
	}
	v, err := g.f.ReduceSum(x, axes...)
	g.add(fmt.Sprint("reduce_sum ", axes), v, err, g.size(x)*float64(terms), sumOff(terms, g.size(x), g.off(x)))
}

// dot multiplies x with itself or a view of it, over one or two axes, with or without batch axes, and does something with the
// product.
func (g *randomGraph) dot(x compute.Value, dims []int) {
	perm := g.random.Perm(len(dims))
	contracted := perm[:1]
	var batch []int
	if len(perm) > 1 {
		batch = perm[1 : 1+g.random.IntN(2)]
	}
	y := x
	if g.random.IntN(2) == 0 {
		var err error
		if y, err = g.f.Neg(x); err != nil {
			panic(err)
		}
	}
	total := 1
	for i, d := range dims {
		if i != contracted[0] {
			total *= d * d
		}
	}
	if total > 1<<14 {
		return
	}
	v, err := g.f.DotGeneral(x, contracted, batch, y, contracted, batch, compute.DotGeneralConfig{})
	g.add(fmt.Sprint("dot over ", contracted, " batch ", batch), v, err, g.size(x)*g.size(x)*float64(dims[contracted[0]]), sumOff(dims[contracted[0]], g.size(x)*g.size(x), 2*g.size(x)*g.off(x)))
	for range g.random.IntN(5) { // what may run on its blocks
		last := g.values[len(g.values)-1]
		if g.random.IntN(2) == 0 {
			g.unary(last)
		} else {
			g.binary(last)
		}
	}
	if last := g.values[len(g.values)-1]; g.random.IntN(2) == 0 && len(g.shape(last)) > 0 {
		g.reduce(last, g.shape(last))
	}
}

// otherDims gives as many elements in another shape.
func (g *randomGraph) otherDims(dims []int) []int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	var out []int
	for d := 2; n > 1 && len(out) < 3; d++ {
		if n%d == 0 && g.random.IntN(2) == 0 {
			out = append(out, d)
			n /= d
		}
		if d > n {
			break
		}
	}
	return append(out, n)
}
