package gemm

// ahead is what a worker has still to fetch of the next block of K while it multiplies this one: tiles compute much longer
// than their operands take to arrive, and packing, which does little else than wait for them, then finds them near.
type ahead struct {
	parts [2][]float32 // of A and of B
	step  int          // floats for each line that a tile fetches
}

// upcoming returns what worker part out of parts fetches during a block of the given number of tiles: equal parts of the
// lines of the next block, whoever packs them.
func (j *Job) upcoming(block, part, parts, tiles int) ahead {
	if !j.packsA() || block+1 >= j.Blocks() {
		return ahead{}
	}
	from, to := j.at(block + 1)
	first, last := from+(to-from)*part/parts, from+(to-from)*(part+1)/parts
	f := ahead{parts: [2][]float32{j.A.T().lines(first, last), j.B.lines(first, last)}}
	lines := max(1, tiles*(j.depth()/2))
	f.step = (len(f.parts[0]) + len(f.parts[1]) + lines - 1) / lines
	return f
}

// lines returns the memory of rows [first, last) of m; nothing where it is mostly something else's.
func (m Matrix) lines(first, last int) []float32 {
	if m.ColStride != 1 || m.RowStride > 2*m.Cols || first >= last {
		return nil
	}
	return m.Data[first*m.RowStride:][:(last-first-1)*m.RowStride+m.Cols]
}

// take returns where to begin with so many lines, and how far to go with each; near, and to stay there, when all is fetched.
func (f *ahead) take(lines int, near []float32) (from []float32, step int) {
	for i, p := range f.parts {
		if len(p) > 0 {
			f.parts[i] = p[min(len(p), lines*f.step):]
			return p, f.step
		}
	}
	return near, 0
}
