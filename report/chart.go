package report

import "html/template"

// Page is a document: sections in reading order, and what stands above and below them.
type Page struct {
	Title, Lead, State string
	Verdict            Verdict
	Sections           []Section
	Command, Made      string
}

// Section is a heading with text, tables and charts under it.
type Section struct {
	Title  string
	Text   []string // paragraphs
	Tables []Table
	Charts []Chart
	Quotes []Sample
}

// Table has one row a line; columns marked in Right hold numbers.
type Table struct {
	Columns []string
	Right   []bool
	Rows    [][]string
	Caption string
	Facts   bool  // names and values: values may break anywhere
	Marks   []Ink // a swatch before each row; empty for none
}

// Chart is a figure: one plot, or several views of one thing with a switch between them, with its data and its command.
type Chart struct {
	ID      string // file name of its SVG, PNG and CSV: "loss"
	Title   string
	Caption string
	Command string
	Views   []View
	Data    Data
}

// View is one plot of a chart and its name on the switch.
type View struct {
	Name string
	Plot Plot
}

// Plot is a drawing that can be laid out at any width: Lines, Panels, Bars, Forest, Heat or Density.
type Plot interface {
	height(width float64) float64
	draw(s *scene, area rect)
	alt() string
}

// Widths at which a page draws every plot, in CSS pixels: the text column of a screen or a sheet, and a phone. Text is the same
// size in both, so neither is a shrunk copy of the other. Below wide, plots lay out for a phone.
const (
	widthPage  = 720.0
	widthPhone = 350.0
	wide       = 560.0
)

// layOut draws a plot at a width, with a hair of room so that no line is cut at the edge.
func layOut(p Plot, width float64) scene {
	s := scene{width: width, height: p.height(width)}
	p.draw(&s, rect{1, 1, width - 1, s.height - 1})
	return s
}

// Wide and Narrow are the two drawings of a view, for the page's template.
func (v View) Wide() template.HTML {
	return template.HTML(svgInline(layOut(v.Plot, widthPage), v.Plot.alt()))
}

func (v View) Narrow() template.HTML {
	return template.HTML(svgInline(layOut(v.Plot, widthPhone), v.Plot.alt()))
}
