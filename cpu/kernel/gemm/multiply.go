package gemm

// kc is the depth of a block of K: up to here a row of A is read in place and C is written once.
const kc = 1024

// mcFloats is the size of the block of A that stays in the second-level cache while the panels of B pass: 384 KB.
const mcFloats = 96 << 10

// Job is one multiplication C (+)= A B, ready to be computed by any number of workers. Every worker calls Pack with its
// part, all wait for each other, then every worker calls Multiply with its part. The result does not depend on the number
// of parts.
type Job struct {
	kernel  *Kernel
	A, B, C Matrix
	Add     bool
	packed  []float32 // B in panels, K block after K block
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
	return Job{kernel, a, b, c, add, scratch[:kernel.packedB(b.Rows, b.Cols)]}
}

// Scratch returns how many floats New needs for C (m x n) = A (m x k) B, whichever way C lies.
func (kn *Kernel) Scratch(m, k, n int) int { return max(kn.packedB(k, n), kn.packedB(k, m)) }

// Pack packs the share of B of worker part out of parts.
func (j *Job) Pack(part, parts int) {
	kn, n := j.kernel, j.kernel.panels(j.C.Cols)
	for l := 0; l < j.B.Rows; l += kc {
		block := j.B.block(l, 0, min(kc, j.B.Rows-l), j.B.Cols)
		for p := part; p < n; p += parts {
			kn.packB(j.packed[l*n*kn.NR:], block, p)
		}
	}
}

// Multiply computes the rows of worker part out of parts; scratch must hold ScratchA floats of the worker's own.
func (j *Job) Multiply(part, parts int, scratch []float32) {
	if j.A.Cols == 0 && !j.Add {
		j.zero(part, parts)
	}
	rows := rowSplit{j.C.Rows, j.kernel.MR}
	first, last := rows.panels()*part/parts, rows.panels()*(part+1)/parts
	var memory [2]run
	for l := 0; l < j.A.Cols; l += kc {
		depth := min(kc, j.A.Cols-l)
		step := max(1, mcFloats/(depth*j.kernel.MR))
		for p := first; p < last; {
			end := min(p+step, last)
			for _, run := range rows.runs(memory[:0], p, end) {
				j.block(run, l, depth, scratch)
			}
			p = end
		}
	}
}

// ScratchA returns how many floats Multiply needs for itself.
func (kn *Kernel) ScratchA() int { return mcFloats + kc*kn.MR }

// block multiplies a run of panels of A with every panel of B, over depth values of K from l on.
func (j *Job) block(r run, l, depth int, scratch []float32) {
	kn := j.kernel
	a := j.A.block(r.row, l, r.count*r.height, depth)
	rsa, csa, astep := a.RowStride, a.ColStride, r.height*a.RowStride
	if csa != 1 {
		packA(scratch, a, r.height)
		a.Data, rsa, csa, astep = scratch, 1, r.height, r.height*depth
	}
	n := j.C.Cols
	packed := j.packed[l*kn.panels(n)*kn.NR:]
	for col := 0; col < n; col += kn.NR {
		width := min(kn.NR, n-col)
		c := j.C.Data[r.row*j.C.RowStride+col:]
		kn.tile(r.height, width)(a.Data, rsa, csa, packed[col*depth:], c, j.C.RowStride, depth, r.count, astep, r.height*j.C.RowStride, width, j.Add || l > 0)
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
