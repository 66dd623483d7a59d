package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// svgFile writes a scene as a file of its own: literal light colours on paper, which any program reads.
func svgFile(s scene, alt string) []byte {
	w := svgWriter{paint: func(kind string, i Ink) string {
		if kind == "l" {
			return `stroke="` + i.hex() + `"`
		}
		return `fill="` + i.hex() + `"`
	}}
	fmt.Fprintf(&w.out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="%s" font-family="Helvetica, Arial, sans-serif" font-size="%s">`+"\n",
		num(s.width), num(s.height), num(s.width), num(s.height), html.EscapeString(clean(alt)), num(textSize))
	w.shape(box{0, 0, s.width, s.height, paper, 1})
	w.shapes(s)
	return []byte(w.out.String())
}

// svgInline writes a scene for a page: inks are classes, so the page's style decides between light and dark.
func svgInline(s scene, alt string) string {
	w := svgWriter{paint: func(kind string, i Ink) string { return `class="` + kind + string(i) + `"` }}
	fmt.Fprintf(&w.out, `<svg viewBox="0 0 %s %s" role="img" aria-label="%s">`+"\n", num(s.width), num(s.height), html.EscapeString(clean(alt)))
	w.shapes(s)
	return w.out.String()
}

type svgWriter struct {
	out   strings.Builder
	paint func(kind string, i Ink) string // the attribute that inks a line ("l") or a fill ("f")
}

func (w *svgWriter) shapes(s scene) {
	for _, sh := range s.shapes {
		w.shape(sh)
	}
	w.out.WriteString("</svg>\n")
}

func (w *svgWriter) shape(sh shape) {
	switch sh := sh.(type) {
	case polyline:
		dashes := ""
		if sh.dashed {
			dashes = fmt.Sprintf(` stroke-dasharray="%s %s"`, num(dashOn), num(dashOff))
		}
		fmt.Fprintf(&w.out, `<polyline points="%s" %s fill="none" stroke-width="%s" stroke-linejoin="round"%s%s/>`+"\n",
			coordinates(sh.points), w.paint("l", sh.ink), num(sh.width), dashes, opacity("stroke", sh.alpha))
	case polygon:
		fmt.Fprintf(&w.out, `<polygon points="%s" %s%s/>`+"\n", coordinates(sh.points), w.paint("f", sh.ink), opacity("fill", sh.alpha))
	case box:
		fmt.Fprintf(&w.out, `<rect x="%s" y="%s" width="%s" height="%s" %s%s/>`+"\n",
			num(sh.x), num(sh.y), num(sh.width), num(sh.height), w.paint("f", sh.ink), opacity("fill", sh.alpha))
	case dot:
		w.dot(sh)
	case label:
		w.label(sh)
	default:
		panic(fmt.Sprintf("BUG: report: shape %T", sh))
	}
}

func (w *svgWriter) dot(d dot) {
	fmt.Fprintf(&w.out, `<circle cx="%s" cy="%s" r="%s" %s/>`+"\n", num(d.x), num(d.y), num(d.radius), w.paint("f", d.ink))
	if d.hollow {
		fmt.Fprintf(&w.out, `<circle cx="%s" cy="%s" r="%s" %s/>`+"\n", num(d.x), num(d.y), num(d.radius-ringWidth), w.paint("f", paper))
	}
}

func (w *svgWriter) label(l label) {
	attributes := map[anchor]string{start: "", middle: ` text-anchor="middle"`, end: ` text-anchor="end"`}[l.anchor]
	if l.bold {
		attributes += ` font-weight="600"`
	}
	fmt.Fprintf(&w.out, `<text x="%s" y="%s" %s%s>%s</text>`+"\n", num(l.x), num(l.y), w.paint("f", l.ink), attributes, html.EscapeString(clean(l.text)))
}

// dashOn and dashOff are the lengths of a dashed line's parts, ringWidth the edge of a hollow dot, in pixels.
const dashOn, dashOff, ringWidth = 6.0, 3.0, 1.5

func opacity(kind string, alpha float64) string {
	if alpha == 1 {
		return ""
	}
	return fmt.Sprintf(` %s-opacity="%s"`, kind, num(alpha))
}

func coordinates(points []point) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(num(p.x) + "," + num(p.y))
	}
	return b.String()
}

// num prints a coordinate with at most two decimals, one above 10: finer than a screen or a printer shows.
func num(v float64) string {
	scale := 100.0
	if math.Abs(v) >= 10 {
		scale = 10
	}
	return strconv.FormatFloat(math.Round(v*scale)/scale+0, 'f', -1, 64)
}

// clean drops what XML cannot hold: control characters and halves of broken runes.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
