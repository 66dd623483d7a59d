package gemm

import "sync/atomic"

// The depth of a block of K. Where rows of A are read in place it is deep, so that C is written once. Where A is packed, blocks
// are so shallow that all rows of a worker fit one packed block and B passes once.
const (
	deep    = 1024
	shallow = 256
)

// Rows of A longer than longRows are packed when each is used for wideC columns or more: so many panels of B pass that packing
// is little work, and a tile's rows, far apart, would get into each other's way in the first-level cache.
const (
	longRows = 768
	wideC    = 512
)

// mcFloats is the size of the block of A that stays in the second-level cache while the panels of B pass: 384 KB.
const mcFloats = 96 << 10

// Job is one multiplication C (+)= A B, ready to be computed by any number of workers, block of K after block. For each
// block every worker calls Pack with its part, all wait for each other, every worker calls Multiply with its part, and all wait
// again. The result does not depend on the number of parts.
type Job struct {
	kernel  *Kernel
	A, B, C Matrix
	Add     bool
	Before  Prologue // computes A, whose Data then is not read; nil when A lies in memory
	After   After
	Next    *atomic.Int64 // the first unit of rows that no worker has taken, 0 when a block begins; nil where workers have equal parts
	start   int           // of K: what comes first is written, the rest added
	packed  []float32     // a block of B in panels, the same memory for each: it stays in the cache; or all of A^T (few.go)
}

// New prepares C (+)= A B, or its transpose when C is column-major. The rows or the columns of C must be contiguous.
// scratch must hold Scratch floats. It panics when sizes do not fit.
func New(kernel *Kernel, c, a, b Matrix, add bool, scratch []float32) Job {
	if c.ColStride != 1 {
		c, a, b = c.T(), b.T(), a.T()
	}
	if a.Rows != c.Rows || b.Cols != c.Cols || a.Cols != b.Rows || c.ColStride != 1 {
		panic("BUG: gemm: sizes or strides do not fit")
	}
	return Job{kernel: kernel, A: a, B: b, C: c, Add: add, packed: scratch}
}

// Scratch returns how many floats New needs for C (m x n) = A (m x k) B, whichever way C and A lie.
func (kn *Kernel) Scratch(m, k, n int) int {
	return max(kn.packedB(min(k, deep), max(m, n)), kn.packedB(k, min(m, n, few)))
}

// packsA reports whether A is packed: where its columns are contiguous, always; where a prologue computes it, never.
func (j *Job) packsA() bool {
	return j.Before == nil && (j.A.ColStride != 1 || j.A.Cols > longRows && j.C.Cols >= wideC)
}

func (j *Job) depth() int {
	if j.packsA() {
		return shallow
	}
	return deep
}

// Blocks returns the number of blocks of K, at least one.
func (j *Job) Blocks() int {
	if j.isFew() {
		return 1
	}
	return max(1, (j.A.Cols+j.depth()-1)/j.depth())
}

// at returns where a block begins and ends.
func (j *Job) at(block int) (from, to int) {
	return block * j.depth(), min((block+1)*j.depth(), j.A.Cols)
}

// Pack packs the share of a block of B of worker part out of parts.
func (j *Job) Pack(block, part, parts int) {
	if j.isFew() {
		j.packFew(part, parts)
		return
	}
	from, to := j.at(block)
	n := j.kernel.panels(j.C.Cols)
	j.kernel.packB(j.packed, j.B.block(from, 0, to-from, j.B.Cols), n*part/parts, n*(part+1)/parts)
}

// Multiply multiplies a block of the rows of worker part out of parts; scratch must hold ScratchA floats of the worker's own.
func (j *Job) Multiply(block, part, parts int, scratch []float32) {
	from, to := j.at(block)
	if from == to {
		if !j.Add {
			j.zero(part, parts)
		}
		return
	}
	if j.isFew() {
		j.multiplyFew(part, parts, scratch)
		return
	}
	first, last := j.share(part, parts)
	step := blockPanels(j.kernel, to-from, j.After.Unit, j.After.Width)
	next := j.upcoming(block, part, parts, (last-first)*j.kernel.panels(j.C.Cols))
	if j.Next == nil || j.packsA() {
		j.panels(block, first, last, step, &next, scratch)
		return
	}
	for first, last = j.take(step, parts); first < last; first, last = j.take(step, parts) {
		j.panels(block, first, last, step, &next, scratch)
	}
}

// leastTaken is the number of panels that a worker takes at least, unless that is less than a unit.
const leastTaken = 4

// take returns the panels that a worker computes next, none when all are taken: half of its part of what is left, so that all
// end at about the same time although one may be quicker. Where A is packed, parts are equal: B would pass more often.
func (j *Job) take(step, parts int) (first, last int) {
	unit, units := max(1, j.After.Unit), j.units()
	for {
		from := int(j.Next.Load())
		n := max(1, min(max((units-from)/(2*parts), leastTaken/unit), step/unit))
		to := min(from+n, units)
		if from == units || j.Next.CompareAndSwap(int64(from), int64(to)) {
			return j.panelsOf(from, to)
		}
	}
}

// panels multiplies panels [first, last) of rows of a block, step of them at a time.
func (j *Job) panels(block, first, last, step int, next *ahead, scratch []float32) {
	var memory [2]run
	rows := rowSplit{j.C.Rows, j.kernel.MR}
	from, to := j.at(block)
	ends := j.After.Do != nil && to == j.A.Cols
	for p := first; p < last; {
		end := min(p+step, last)
		if unit := j.After.Unit; step < unit { // where a unit is cut does not depend on where the worker began
			end = min(end, (p/unit+1)*unit)
		}
		for _, run := range rows.runs(memory[:0], p, end) {
			j.rows(run, from, to-from, ends, next, scratch)
		}
		p = end
	}
}

// ScratchA returns how many floats Multiply needs for itself: a block of A and what packA may write behind it. A block of C^T
// (few.go) is smaller.
func (kn *Kernel) ScratchA() int { return mcFloats + 8 }

// rows multiplies a run of panels of A with every panel of B, over depth values of K from l on. Meanwhile it fetches the panels
// of A after each, or, when A is packed, some of what comes next. When K ends here, the epilogue follows.
func (j *Job) rows(r run, l, depth int, ends bool, next *ahead, scratch []float32) {
	kn := j.kernel
	packs := j.packsA()
	a, rsa, csa := scratch, depth, 1
	switch {
	case j.Before != nil:
		j.Before.Rows(RowMajor(scratch, r.count*r.height, depth), r.row, l)
	case packs:
		kn.packA(scratch, j.A.block(r.row, l, r.count*r.height, depth), r.height)
	default:
		a, rsa, csa = j.A.Data[r.row*j.A.RowStride+l:], j.A.RowStride, 1
	}
	astep := r.height * rsa
	if packs {
		rsa, csa = 1, r.height
	}
	near, pnear, knear := a[min(astep, len(a)):], astep, 2*r.height
	n := j.C.Cols
	for col := 0; col < n; col += kn.NR {
		width := min(kn.NR, n-col)
		c, ldc := j.target(r.row, col)
		if packs {
			near, knear = next.take(r.count*(depth/2), a)
			pnear = depth / 2 * knear
		}
		kn.tile(r.height, width)(a, rsa, csa, j.packed[col*depth:], c, ldc, depth, r.count, astep, 0, r.height*ldc, width,
			j.Add || l > j.start, near, pnear, knear)
		if ends {
			j.finish(r, col+width)
		}
	}
}

func (j *Job) zero(part, parts int) {
	for i := part; i < j.C.Rows; i += parts {
		clear(j.C.Data[i*j.C.RowStride:][:j.C.Cols])
	}
}

// rowSplit cuts rows into panels as even as can be: none is higher than mr, and heights differ by at most one. So there
// is no thin panel at the end, where a micro-kernel is slow.
type rowSplit struct{ rows, mr int }

func (s rowSplit) panels() int { return (s.rows + s.mr - 1) / s.mr }

// start returns the first row of panel p: the higher panels come first.
func (s rowSplit) start(p int) int {
	if s.rows == 0 {
		return 0
	}
	low, higher := s.rows/s.panels(), s.rows%s.panels()
	return p*low + min(p, higher)
}

// run is a sequence of panels of one height.
type run struct{ row, count, height int }

// runs appends panels [first, last) to list, as at most two runs.
func (s rowSplit) runs(list []run, first, last int) []run {
	for p := first; p < last; {
		height, end := s.start(p+1)-s.start(p), p+1
		for end < last && s.start(end+1)-s.start(end) == height {
			end++
		}
		list = append(list, run{s.start(p), end - p, height})
		p = end
	}
	return list
}
