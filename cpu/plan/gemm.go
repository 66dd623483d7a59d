package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// Gemm is C = A B for each index of Batch: A is M x K, B is K x N.
type Gemm struct {
	M, K, N             int
	Batch               []int // axes over which matrices repeat
	A, B, C             Matrix
	AStep, BStep, CStep []int     // strides of Batch
	Thin                bool      // few rows: B is read where it lies
	Before              *Prologue // computes A
	After               *Epilogue
}

// Matrix is one operand: element (i, j) of batch 0 is element Offset + i*RowStride + j*ColStride of Root.
type Matrix struct {
	Root                         *ir.Value
	Offset, RowStride, ColStride int
}

// Batches returns the number of multiplications.
func (g *Gemm) Batches() int { return product(g.Batch) }

// gemm makes a step of op; false when it is not a multiplication of float32 matrices.
func (p *planner) gemm(index int, op *ir.Op) bool {
	a, v := op.Attr.(ir.DotGeneralAttr), op.Result()
	lhs, rhs := op.Args[0], op.Args[1]
	for _, x := range []*ir.Value{lhs, rhs, v} {
		if x.Shape.DType != dtypes.Float32 || x.Shape.Size() == 0 {
			return false
		}
	}
	if t := a.Config.AccumulatorDType; t != dtypes.InvalidDType && t != dtypes.Float32 {
		return false
	}
	left, ok := p.factor(index, lhs, a.LhsContractingAxes, a.LhsBatchAxes)
	if !ok {
		return false
	}
	right, ok := p.factor(index, rhs, a.RhsContractingAxes, a.RhsBatchAxes)
	if !ok {
		return false
	}
	g := &Gemm{M: left.free, K: left.depth, N: right.free}
	g.A = Matrix{left.view.Root, left.view.Offset, left.freeStride, left.depthStride}
	g.B = Matrix{right.view.Root, right.view.Offset, right.depthStride, right.freeStride}
	layout := p.layout(v)
	if !g.place(v, layout, len(a.LhsBatchAxes), left.freeAxes) {
		layout = denseView(v)
		g.place(v, layout, len(a.LhsBatchAxes), left.freeAxes)
	}
	g.batch(left, right, layout)
	g.thin()
	n := &node{op: op, index: index, out: v, args: []View{left.view, right.view}, after: slices.Concat(p.after[lhs.ID], p.after[rhs.ID])}
	id := p.newGroup(gemmGroup, n)
	p.groups[id].gemm = g
	p.views[v.ID] = layout
	return true
}

// factor is one operand of a multiplication, its axes sorted into batch, free and contracted ones.
type factor struct {
	view                View
	batch, batchStrides []int
	freeAxes            int
	free, freeStride    int
	depth, depthStride  int
}

// factor reads v as a matrix. When its free or its contracted axes are not one run, v is copied first; when they are not one
// even then, by axes sorted as products want them.
func (p *planner) factor(index int, v *ir.Value, contracted, batch []int) (factor, bool) {
	if f, ok := factorOf(p.views[v.ID], contracted, batch); ok {
		return f, true
	}
	if f, ok := factorOf(denseView(v), contracted, batch); ok {
		p.own(index, v)
		return f, true
	}
	view, ok := p.sorted(index, v, slices.Concat(batch, freeAxes(v.Shape.Rank(), contracted, batch), contracted))
	if !ok {
		return factor{}, false
	}
	return factorOf(view, contracted, batch)
}

// sorted copies v to memory in which its axes are in the given order, and returns how v lies there.
func (p *planner) sorted(index int, v *ir.Value, axes []int) (View, bool) {
	x, op := p.views[v.ID].transpose(axes), v.Def
	if op == nil {
		op = &ir.Op{Kind: ir.Identity, Args: []*ir.Value{v}, Results: []*ir.Value{v}}
	}
	twin := p.twin(v, -1)
	n := &node{op: op, index: index, formula: formula{code: codeCopy}, out: twin, args: []View{x}, after: p.after[v.ID], size: x.Size()}
	if !p.cluster(n) {
		return View{}, false
	}
	view := View{Root: twin, Dims: v.Shape.Dimensions, Strides: make([]int, len(axes))}
	for i, stride := range rowMajor(x.Dims) {
		view.Strides[axes[i]] = stride
	}
	p.views[twin.ID] = view
	return view, true
}

func factorOf(view View, contracted, batch []int) (factor, bool) {
	f, free := factor{view: view}, freeAxes(len(view.Dims), contracted, batch)
	f.freeAxes = len(free)
	b, m, k := view.transpose(batch), view.transpose(free), view.transpose(contracted)
	f.batch, f.batchStrides = b.Dims, b.Strides
	var okFree, okDepth bool
	f.free, f.freeStride, okFree = oneAxis(m.Dims, m.Strides)
	f.depth, f.depthStride, okDepth = oneAxis(k.Dims, k.Strides)
	return f, okFree && okDepth
}

// freeAxes lists the axes of a factor that are neither contracted nor batch axes.
func freeAxes(rank int, contracted, batch []int) []int {
	return others(rank, slices.Concat(contracted, batch))
}

// layout chooses how the result v of a multiplication lies: when all that happens to it is a transposition, as that wants
// it, so that the transposed value is row-major.
func (p *planner) layout(v *ir.Value) View {
	if users := p.users[v.ID]; len(users) == 1 && users[0].Kind == ir.Transpose && !slices.Contains(p.f.Results, v) {
		permutation := users[0].Attr.(ir.TransposeAttr).Permutation
		out := rowMajor(users[0].Result().Shape.Dimensions)
		strides := make([]int, len(out))
		for i, axis := range permutation {
			strides[axis] = out[i]
		}
		return View{Root: v, Dims: v.Shape.Dimensions, Strides: strides}
	}
	return denseView(v)
}

// place sets C for a result that lies as layout; false when neither its rows nor its columns are contiguous.
func (g *Gemm) place(v *ir.Value, layout View, batch, rows int) bool {
	d, s := layout.Dims[batch:], layout.Strides[batch:]
	_, rowStride, okRow := oneAxis(d[:rows], s[:rows])
	_, colStride, okCol := oneAxis(d[rows:], s[rows:])
	if g.N == 1 && rowStride != 1 {
		colStride = 1
	}
	if g.M == 1 && colStride != 1 {
		rowStride = 1
	}
	g.C = Matrix{v, 0, rowStride, colStride}
	return okRow && okCol && (rowStride == 1 || colStride == 1)
}

// thin notes whether g has few rows, or makes it so by turning a product of few columns over.
func (g *Gemm) thin() {
	if g.Thin = g.isThin(); g.Thin {
		return
	}
	turned := *g
	turned.M, turned.N, turned.A, turned.B, turned.C = g.N, g.M, g.B.t(), g.A.t(), g.C.t()
	turned.AStep, turned.BStep = g.BStep, g.AStep
	if turned.Thin = turned.isThin(); turned.Thin {
		*g = turned
	}
}

func (g *Gemm) isThin() bool {
	return matvec.Fits(g.lie())
}

// lie returns how the matrices of one multiplication lie, without their elements.
func (g *Gemm) lie() (c, a, b gemm.Matrix) {
	lies := func(m Matrix, rows, cols int) gemm.Matrix {
		return gemm.Matrix{Rows: rows, Cols: cols, RowStride: m.RowStride, ColStride: m.ColStride}
	}
	return lies(g.C, g.M, g.N), lies(g.A, g.M, g.K), lies(g.B, g.K, g.N)
}

func (m Matrix) t() Matrix { return Matrix{m.Root, m.Offset, m.ColStride, m.RowStride} }

// batch sets the axes over which the multiplication repeats, as few as the three operands allow.
func (g *Gemm) batch(left, right factor, layout View) {
	for i, d := range left.batch {
		if d == 1 {
			continue
		}
		a, b, c := left.batchStrides[i], right.batchStrides[i], layout.Strides[i]
		last := len(g.Batch) - 1
		if last >= 0 && g.AStep[last] == a*d && g.BStep[last] == b*d && g.CStep[last] == c*d {
			g.Batch[last] *= d
			g.AStep[last], g.BStep[last], g.CStep[last] = a, b, c
			continue
		}
		g.Batch = append(g.Batch, d)
		g.AStep, g.BStep, g.CStep = append(g.AStep, a), append(g.BStep, b), append(g.CStep, c)
	}
}
