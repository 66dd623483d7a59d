package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Parse(pageTemplate))

// MaxSize is the most bytes that a report may have: a page that opens at once and can be mailed.
const MaxSize = 3 << 20

// HTML writes the page as one file: no script, no request, every text escaped. The same page gives the same bytes. An error
// is returned when the page is larger than MaxSize, which the charts of a Study never make it.
func (p Page) HTML() ([]byte, error) {
	view := pageView{Page: p, Style: template.CSS(paletteCSS() + pageStyle)}
	number := 0
	for _, section := range p.Sections {
		v := sectionView{Section: section}
		for _, chart := range section.Charts {
			number++
			v.Charts = append(v.Charts, chartView{chart, number})
		}
		view.Sections = append(view.Sections, v)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return nil, fmt.Errorf("report: html: %w", err)
	}
	if out.Len() > MaxSize {
		return nil, fmt.Errorf("report: html: %d bytes, expected at most %d; give charts fewer points or samples less text", out.Len(), MaxSize)
	}
	return out.Bytes(), nil
}

// pageView is a page as its template reads it: charts are numbered through all sections.
type pageView struct {
	Page
	Style    template.CSS
	Sections []sectionView
}

type sectionView struct {
	Section
	Charts []chartView
}

type chartView struct {
	Chart
	Number int
}

// rowsShown is how much of a chart's data the page shows as a table; all of it is in the CSV.
const rowsShown = 100

func (c chartView) Shown() [][]string { return c.Data.Rows[:min(rowsShown, len(c.Data.Rows))] }

// Unshown is the number of rows in the table when that is not all of them, else 0.
func (c chartView) Unshown() int {
	if len(c.Data.Rows) > rowsShown {
		return rowsShown
	}
	return 0
}

// IsRight reports whether a column holds numbers.
func (t Table) IsRight(column int) bool { return column < len(t.Right) && t.Right[column] }

// Mark is the ink of a row's swatch, "" for none.
func (t Table) Mark(row int) Ink {
	if row < len(t.Marks) {
		return t.Marks[row]
	}
	return ""
}
