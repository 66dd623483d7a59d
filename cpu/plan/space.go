package plan

import "slices"

// space is what a cluster runs over: n elements in row-major order, as axes fine enough that every op's shape and the
// boundary between rows and columns fall on borders of axes.
type space struct {
	n    int
	row  int   // elements in a row; 0 as long as no op needs rows
	axes []int // lengths, none of them 1
}

// refine returns axes that have all borders of a and of b, both of which enumerate equally many elements; false when
// there are none. No axis of a has length 1.
func refine(a, b []int) ([]int, bool) {
	if slices.Equal(a, b) {
		return a, true
	}
	var out []int
	i, j := len(a)-1, len(b)-1
	da, db := 1, 1 // what is left of the current axes
	for {
		for ; da == 1 && i >= 0; i-- {
			da = a[i]
		}
		for ; db == 1 && j >= 0; j-- {
			db = b[j]
		}
		if da == 1 && db == 1 {
			break
		}
		d := min(da, db)
		if d == 1 || da%d != 0 || db%d != 0 {
			return nil, false
		}
		out = append(out, d)
		da, db = da/d, db/d
	}
	for l, r := 0, len(out)-1; l < r; l, r = l+1, r-1 {
		out[l], out[r] = out[r], out[l]
	}
	return out, true
}

// with returns s fine enough for axes dims, which enumerate the elements (full) or the rows of s.
func (s space) with(dims []int, full bool) (space, bool) {
	if !full {
		dims = append(append([]int(nil), dims...), s.row)
	}
	axes, ok := refine(s.axes, dims)
	s.axes = axes
	return s, ok
}

// withRows returns s with rows of row elements; false when it has rows of another length.
func (s space) withRows(row int) (space, bool) {
	if s.row != 0 && s.row != row || row == 0 || s.n%row != 0 {
		return s, false
	}
	axes, ok := refine(s.axes, []int{s.n / row, row})
	return space{n: s.n, row: row, axes: axes}, ok
}

// split returns how many of the axes enumerate rows. The border must exist.
func (s space) split(row int) int {
	at, left := len(s.axes), row
	for left > 1 {
		at--
		left /= s.axes[at]
	}
	return at
}

// access returns the strides of v, one for each axis of s: v has the shape of an op over all elements (full) or over rows.
func (s space) access(v View, full bool) ([]int, bool) {
	if full {
		return regroup(v.Dims, v.Strides, s.axes)
	}
	at := s.split(s.row)
	strides, ok := regroup(v.Dims, v.Strides, s.axes[:at])
	return append(strides, make([]int, len(s.axes)-at)...), ok
}
