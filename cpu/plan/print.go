package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/cpu/ir"
)

// String returns a line for each step: who runs it, its sizes, how many ops of which kinds, what it reads and writes.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plan @%s: %d steps\n", p.Func.Name, len(p.Steps))
	for i := range p.Steps {
		fmt.Fprintf(&b, "  %s\n", p.Line(i))
		if c := p.Steps[i].Control; c != nil {
			for _, inner := range c.Bodies {
				b.WriteString("    " + strings.ReplaceAll(strings.TrimSpace(inner.Plan.String()), "\n", "\n    ") + "\n")
			}
		}
	}
	return b.String()
}

// Line describes step i.
func (p *Plan) Line(i int) string {
	s := &p.Steps[i]
	size := ""
	switch {
	case s.Gemm != nil:
		size = s.Gemm.String()
	case s.Attention != nil:
		size = s.Attention.String()
	case s.Rotation != nil:
		size = s.Rotation.String()
	case s.Choice != nil:
		size = s.Choice.String()
	case s.Tapes != nil:
		size = s.Tapes[0].String()
		if more := len(s.Tapes) - 1; more > 0 {
			size = fmt.Sprintf("%s; and %d like it", size, more)
		}
	case s.Random != nil:
		size = s.Random.String()
	}
	return fmt.Sprintf("%d %s %s: %s; reads %s; writes %s", i, s.Name(), size, kindCounts(s.Ops), typed(s.Reads), typed(s.Writes))
}

// String writes the sizes, and in brackets how each operand lies: its strides by rows and columns.
func (g *Gemm) String() string {
	text := fmt.Sprintf("%dx%dx%d", g.M, g.K, g.N)
	if n := g.Batches(); n > 1 {
		text = fmt.Sprintf("%d x %s", n, text)
	}
	lies := func(m Matrix) string { return fmt.Sprintf("%d,%d", m.RowStride, m.ColStride) }
	if g.Thin {
		text += " thin"
	}
	text = fmt.Sprintf("%s [%s][%s][%s]", text, lies(g.A), lies(g.B), lies(g.C))
	if g.Before != nil {
		text += ", " + g.Before.String()
	}
	if g.After != nil {
		text += ", " + g.After.String()
	}
	return text
}

// String writes what computes A.
func (x *Prologue) String() string { return "prologue of " + x.Tape.program() }

// String writes what runs on each block, and whether the product outlives it.
func (e *Epilogue) String() string {
	text := fmt.Sprintf("then by %d columns %s", min(e.Width, e.Tape.Row), e.Tape.program())
	if e.Buffer == 0 {
		text += ", kept"
	}
	return text
}

// String writes the number of heads, and the sizes of one.
func (a *Attention) String() string {
	text := fmt.Sprintf("%d x %dx%dx%dx%d", a.Heads(), a.Shape.Repeat, a.Shape.Queries, a.Shape.Keys, a.Shape.Depth)
	if a.Shape.Causal {
		text += " causal"
	}
	if a.Shape.Masked {
		text += " masked"
	}
	if a.Shape.Hidden {
		text += " hidden"
	}
	if a.Backward {
		text += " backward"
	}
	return text
}

// String writes the space, the tile that a worker takes at a time, whether it goes over it in strips, and how operands are loaded.
func (t *Tape) String() string {
	strips := ""
	if t.Strips != nil {
		strips = fmt.Sprintf(", strips of %d", t.Strips.Width)
	}
	return fmt.Sprintf("%dx%d in tiles of %dx%d%s, %s", t.Rows, t.Row, t.TileRows, t.TileCols, strips, t.program())
}

// program writes how many instructions there are, and how operands are loaded.
func (t *Tape) program() string {
	text := fmt.Sprintf("%d instructions", len(t.Code))
	for _, d := range t.Loads {
		text += " " + d.Kind.String()
	}
	return text
}

// kindCounts writes "3 add, 1 tanh, …", most frequent first, then by name.
func kindCounts(ops []*ir.Op) string {
	counts := make(map[string]int)
	for _, op := range ops {
		counts[op.Kind.String()]++
	}
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(names, ", ")
}

func typed(values []*ir.Value) string {
	if len(values) == 0 {
		return "nothing"
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("%s %s", v, ir.ShapeText(v.Shape))
	}
	return strings.Join(texts, ", ")
}
