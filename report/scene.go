package report

// scene is a finished drawing: shapes in CSS pixels, y downwards, in the order in which they are painted. Layout ends here;
// svg.go and png.go paint it without another decision.
type scene struct {
	width, height float64
	shapes        []shape
}

// shape is a polyline, polygon, box, dot or label.
type shape any

type point struct{ x, y float64 }

type polyline struct {
	points []point
	ink    Ink
	width  float64
	dashed bool
	alpha  float64
}

type polygon struct {
	points []point
	ink    Ink
	alpha  float64
}

type box struct {
	x, y, width, height float64
	ink                 Ink
	alpha               float64
}

// dot is a disc, or a ring of paper with an inked edge.
type dot struct {
	x, y, radius float64
	ink          Ink
	hollow       bool
}

type label struct {
	x, y   float64 // y is the baseline
	text   string
	anchor anchor
	ink    Ink
	bold   bool
}

type anchor int

const (
	start anchor = iota
	middle
	end
)

// textSize is the size of all text in figures, 9 pt in CSS pixels; halfX is half the height of a small letter, to centre a
// label on a y.
const (
	textSize = 12.0
	halfX    = 4.0
)

func (s *scene) line(i Ink, width float64, points ...point) {
	s.shapes = append(s.shapes, polyline{points, i, width, false, 1})
}

func (s *scene) box(i Ink, x, y, width, height float64) {
	s.shapes = append(s.shapes, box{x, y, width, height, i, 1})
}

func (s *scene) text(i Ink, a anchor, x, y float64, text string) {
	s.shapes = append(s.shapes, label{x, y, text, a, i, false})
}

func (s *scene) bold(i Ink, a anchor, x, y float64, text string) {
	s.shapes = append(s.shapes, label{x, y, text, a, i, true})
}

// cross marks the point after which a run has no finite value.
func (s *scene) cross(i Ink, x, y float64) {
	const r = 3.5
	s.line(i, 1.8, point{x - r, y - r}, point{x + r, y + r})
	s.line(i, 1.8, point{x - r, y + r}, point{x + r, y - r})
}

// textWidth estimates the width of a text in pixels from the widths of a sans-serif face; browsers choose the face, so
// layouts leave room for 15 % more: DejaVu Sans, where there is no other, has digits 12 % wider.
func textWidth(text string) float64 {
	width := 0.0
	for _, r := range text {
		switch {
		case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '%':
			width += 0.86
		case r == 'i' || r == 'j' || r == 'l' || r == '.' || r == ',' || r == ':' || r == '\'' || r == '|' || r == '!':
			width += 0.26
		case r == 'f' || r == 't' || r == 'r' || r == '(' || r == ')' || r == '-' || r == '/' || r == ' ' || r == '[' || r == ']':
			width += 0.34
		case r >= 'A' && r <= 'Z':
			width += 0.69
		default:
			width += 0.57
		}
	}
	return 1.15 * width * textSize
}

// boldWidth is textWidth for bold text.
func boldWidth(text string) float64 { return 1.12 * textWidth(text) }
