package report

import "math"

// strokeOutlines returns closed outlines whose union is the line through points with the given half width: a quad for each
// segment and a disc at each joint. All turn clockwise on screen, so their coverage adds and never cancels.
func strokeOutlines(points []point, half float64) [][]point {
	var outlines [][]point
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length := math.Hypot(b.x-a.x, b.y-a.y)
		if length == 0 {
			continue
		}
		nx, ny := -(b.y-a.y)/length*half, (b.x-a.x)/length*half
		outlines = append(outlines, []point{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}})
		if i < len(points)-1 {
			outlines = append(outlines, disc(b, half))
		}
	}
	return outlines
}

// disc returns a circle as a polygon whose corners lie a twentieth of a pixel or less off it at the sizes of a figure.
func disc(centre point, radius float64) []point {
	const corners = 24
	points := make([]point, corners)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		points[i] = point{centre.x + radius*cos, centre.y + radius*sin}
	}
	return points
}

// dashes cuts a line into pieces of length on, with off between them.
func dashes(points []point, on, off float64) [][]point {
	var parts [][]point
	var part []point
	drawing, left := true, on
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length, done := math.Hypot(b.x-a.x, b.y-a.y), 0.0
		if drawing && part == nil {
			part = []point{a}
		}
		for length-done > left {
			done += left
			cut := point{a.x + (b.x-a.x)*done/length, a.y + (b.y-a.y)*done/length}
			if drawing {
				parts, part, left = append(parts, append(part, cut)), nil, off
			} else {
				part, left = []point{cut}, on
			}
			drawing = !drawing
		}
		left -= length - done
		if drawing {
			part = append(part, b)
		}
	}
	if len(part) > 1 {
		parts = append(parts, part)
	}
	return parts
}
