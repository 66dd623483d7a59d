package report

import (
	"html/template"
	"strconv"
	"strings"
)

// Data is what a chart shows, as rows.
type Data struct {
	Columns []string
	Rows    [][]string
}

func (d *Data) add(cells ...string) { d.Rows = append(d.Rows, cells) }

// CSV writes the data as RFC 4180 has it, with plain newlines. A text that a spreadsheet would take for a formula gets an
// apostrophe before it.
func (d Data) CSV() string {
	var b strings.Builder
	line := func(cells []string) {
		for i, cell := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(csvCell(cell))
		}
		b.WriteByte('\n')
	}
	line(d.Columns)
	for _, row := range d.Rows {
		line(row)
	}
	return b.String()
}

func csvCell(cell string) string {
	if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
		cell = "'" + cell
	}
	if strings.ContainsAny(cell, "\",\n\r") {
		return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return cell
}

// Link is the CSV as a data: address. Only our own text enters it, each byte that means something in an address escaped.
func (d Data) Link() template.URL {
	var b strings.Builder
	b.WriteString("data:text/csv;charset=utf-8,")
	for _, c := range []byte(d.CSV()) {
		switch {
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~,", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		}
	}
	return template.URL(b.String())
}

// number writes a value for a CSV cell: as short as reads back the same to seven digits; empty for none.
func number(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 7, 64)
}

func integer(n int64) string { return strconv.FormatInt(n, 10) }
