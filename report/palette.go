package report

import (
	"fmt"
	"image/color"
	"strings"
)

// Ink names a colour by its use, so that light, dark and print differ only in this table.
type Ink string

const (
	paper Ink = "paper" // behind everything
	ink   Ink = "ink"   // text
	muted Ink = "muted" // axis labels, captions
	axis  Ink = "axis"  // axis lines and ticks
	grid  Ink = "grid"  // grid lines and rules
)

// inks gives each use its colour in light and in dark. The series are Okabe and Ito's colours for readers with any kind of
// colour vision, darkened until they reach 4.5:1 on paper, and lightened for the dark page. Ramp and depth rise in
// lightness or fall, without a turn, so that they also read in grey.
var inks = []struct {
	name        Ink
	light, dark uint32
}{
	{paper, 0xffffff, 0x15171b},
	{ink, 0x1b1d21, 0xe9e7e2},
	{muted, 0x5c636e, 0xa3a9b3},
	{axis, 0x8d949f, 0x686f7a},
	{grid, 0xe4e6ea, 0x2b2f36},
	{"s0", 0x0068a5, 0x5fb4ea}, {"s1", 0xc04a05, 0xff9a5e}, {"s2", 0x00795b, 0x43cda1},
	{"s3", 0xa2458a, 0xe79dcd}, {"s4", 0x836000, 0xe4b944}, {"s5", 0x565b63, 0xb9bec6},
	{"d0", 0xdb8a1d, 0xffd583}, {"d1", 0xcb5f36, 0xffb162}, {"d2", 0xad3f58, 0xf68a6a},
	{"d3", 0x833376, 0xdb6f9d}, {"d4", 0x54307e, 0xb26bca}, {"d5", 0x282a6c, 0x8a7cea},
	{"r0", 0xf2f5f9, 0x1c2027}, {"r1", 0xd7e2ee, 0x1f2f42}, {"r2", 0xb6cde2, 0x254361},
	{"r3", 0x8eb4d5, 0x2d5a83}, {"r4", 0x6598c6, 0x3b76a8}, {"r5", 0x437bb2, 0x5693c6},
	{"r6", 0x2c5e95, 0x7eb1de}, {"r7", 0x1c4374, 0xaacef0}, {"r8", 0x0f2a50, 0xdeedfb},
}

const (
	seriesInks = 6
	depthInks  = 6
	rampInks   = 9
)

// SeriesInk is the colour of the i-th twin or series.
func SeriesInk(i int) Ink { return Ink(fmt.Sprintf("s%d", i%seriesInks)) }

// depthInk is the colour of item i of n in an order, such as a layer of a network.
func depthInk(i, n int) Ink {
	if n < 2 {
		return "d3"
	}
	return Ink(fmt.Sprintf("d%d", i*(depthInks-1)/(n-1)))
}

// rampInk is the colour of a share in 0..1 on the sequential ramp.
func rampInk(share float64) Ink {
	return Ink(fmt.Sprintf("r%d", max(0, min(rampInks-1, int(share*rampInks)))))
}

func (i Ink) hex() string { return fmt.Sprintf("#%06x", i.light()) }

func (i Ink) light() uint32 {
	for _, row := range inks {
		if row.name == i {
			return row.light
		}
	}
	panic("BUG: report: no ink " + string(i))
}

func (i Ink) rgba(alpha float64) color.NRGBA {
	rgb := i.light()
	return color.NRGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), uint8(alpha*255 + 0.5)}
}

// paletteCSS declares the inks as CSS variables, dark ones for dark screens only (print is always light), and for each ink
// the classes that scenes use: l for lines, f for fills.
func paletteCSS() string {
	var light, dark, classes strings.Builder
	for _, row := range inks {
		fmt.Fprintf(&light, "--%s:#%06x;", row.name, row.light)
		fmt.Fprintf(&dark, "--%s:#%06x;", row.name, row.dark)
		fmt.Fprintf(&classes, ".l%s{stroke:var(--%s)}.f%s{fill:var(--%s)}\n", row.name, row.name, row.name, row.name)
	}
	return fmt.Sprintf(":root{%s}\n@media screen and (prefers-color-scheme:dark){:root{%s}}\n%s", light.String(), dark.String(), classes.String())
}
