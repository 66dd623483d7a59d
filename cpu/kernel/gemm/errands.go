package gemm

// Errands are matrices with contiguous rows that products bring into the cache on the way, a line with every second step of a
// tile: what the next head of an attention reads. With nothing to fetch it may be nil.
type Errands struct {
	list      [8]Matrix
	next, end int // of the list: what is not fetched yet
	line, row int // what of list[next] comes next: this line of its rows, from this row on
}

const lineFloats = 16 // of a cache line

// Fetch lists what to fetch, in order. Matrices that would drive out too much are left, and those behind the eighth.
func Fetch(matrices ...Matrix) Errands {
	var e Errands
	for _, m := range matrices {
		if n := m.Rows * m.Cols; n > 0 && n <= errandFloats && e.end < len(e.list) {
			e.list[e.end] = m
			e.end++
		}
	}
	return e
}

// errandFloats is 32 KB: eight of them are half of a second-level cache of 512 KB.
const errandFloats = 8 << 10

// take returns how many of the given tiles, of k steps each, share an errand, where it begins, and how far to go with each
// tile and each line. The last rows of a line stay behind when they are fewer than half of what a tile fetches. With nothing to
// fetch all tiles stay near.
func (e *Errands) take(tiles, k int, near []float32) (n int, from []float32, pstep, lstep int) {
	if e == nil || e.next == e.end {
		return tiles, near, 0, 0
	}
	m, lines := &e.list[e.next], max(1, k/2)
	n = min(tiles, max(1, (m.Rows-e.row+lines/2)/lines))
	from = m.Data[e.row*m.RowStride+e.line*lineFloats:]
	if e.row += n * lines; e.row+lines/2 >= m.Rows {
		e.line, e.row = e.line+1, 0
	}
	if e.line*lineFloats >= m.Cols {
		e.next, e.line = e.next+1, 0
	}
	return n, from, lines * m.RowStride, m.RowStride
}
