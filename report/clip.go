package report

import (
	"math"
	"slices"
)

// rect is the part of a scene that data may ink: left, top, right, bottom.
type rect struct{ left, top, right, bottom float64 }

// clipLine returns the pieces of a polyline that lie inside r. Points that are not finite are gaps.
func (r rect) clipLine(points []point) [][]point {
	var pieces [][]point
	var piece []point
	finish := func() {
		if len(piece) > 1 {
			pieces = append(pieces, piece)
		}
		piece = nil
	}
	for i := 1; i < len(points); i++ {
		a, b, inside := r.clipSegment(points[i-1], points[i])
		if !inside {
			finish()
			continue
		}
		if len(piece) == 0 || piece[len(piece)-1] != a {
			finish()
			piece = []point{a}
		}
		if piece = append(piece, b); b != points[i] {
			finish()
		}
	}
	finish()
	return pieces
}

// clipSegment cuts a-b to r, after Liang and Barsky: the segment is a + t(b-a), and each side of r bounds t.
func (r rect) clipSegment(a, b point) (point, point, bool) {
	dx, dy := b.x-a.x, b.y-a.y
	if math.IsNaN(dx+dy) || math.IsInf(dx, 0) || math.IsInf(dy, 0) {
		return a, b, false
	}
	from, to := 0.0, 1.0
	for _, side := range [4][2]float64{{-dx, a.x - r.left}, {dx, r.right - a.x}, {-dy, a.y - r.top}, {dy, r.bottom - a.y}} {
		speed, room := side[0], side[1]
		switch {
		case speed == 0 && room < 0:
			return a, b, false
		case speed < 0:
			from = max(from, room/speed)
		case speed > 0:
			to = min(to, room/speed)
		}
	}
	if from > to {
		return a, b, false
	}
	cutA, cutB := a, b
	if from > 0 {
		cutA = point{a.x + from*dx, a.y + from*dy}
	}
	if to < 1 {
		cutB = point{a.x + to*dx, a.y + to*dy}
	}
	return cutA, cutB, true
}

// band returns the polygons between two lines over the same xs, cut to r by moving each edge to its border; gaps where
// either side is not finite.
func (r rect) band(xs, low, high []float64) [][]point {
	var areas [][]point
	var upper, lower []point
	finish := func() {
		if len(upper) > 1 {
			slices.Reverse(lower)
			areas = append(areas, append(upper, lower...))
		}
		upper, lower = nil, nil
	}
	for i, x := range xs {
		if !finite(x) || !finite(low[i]) || !finite(high[i]) {
			finish()
			continue
		}
		upper = append(upper, point{x, min(max(high[i], r.top), r.bottom)})
		lower = append(lower, point{x, min(max(low[i], r.top), r.bottom)})
	}
	finish()
	return areas
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
