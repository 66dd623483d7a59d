package plan

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// Kernels returns the plan with the kernels of each step: tiles of multiplications, and of clusters each instruction with
// its kernel and its registers.
func (p *Plan) Kernels() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kernels @%s, %s\n", p.Func.Name, p.Table.Flavour)
	for i := range p.Steps {
		s := &p.Steps[i]
		fmt.Fprintf(&b, "  %s\n", p.Line(i))
		switch {
		case s.Gemm != nil && s.Gemm.Thin:
			fmt.Fprintf(&b, "    %s: a row of %d at a time, nothing packed\n", p.Table.Matvec.Name, s.Gemm.K)
		case s.Gemm != nil:
			k := p.Table.Gemm
			fmt.Fprintf(&b, "    %s: tiles of %dx%d, %d x %d of them\n", k.Name, k.MR, k.NR, ceil(s.Gemm.M, k.MR), ceil(s.Gemm.N, k.NR))
			for _, t := range s.Programs() {
				t.listing(&b)
			}
		case s.Tapes != nil:
			for _, t := range s.Tapes {
				t.listing(&b)
			}
		case s.Control != nil:
			for _, inner := range s.Control.Bodies {
				b.WriteString("    " + strings.ReplaceAll(strings.TrimSpace(inner.Plan.Kernels()), "\n", "\n    ") + "\n")
			}
		}
	}
	return b.String()
}

// listing writes what a worker does for each tile: kernels that go over it one after the other, or the same as threaded code,
// which goes once over each of its rows in strips.
func (t *Tape) listing(b *strings.Builder) {
	if t.Strips != nil {
		fmt.Fprintf(b, "    threaded code, strips of %d elements, %d slots:\n", t.Strips.Width, len(t.Strips.Slots))
	}
	for i, number := range t.Scalars {
		fmt.Fprintf(b, "    r%d = %g\n", i, number)
	}
	for _, l := range t.Loads {
		fmt.Fprintf(b, "    r%d = load %s, %s\n", l.Reg, l.Root, l.Kind)
	}
	for _, in := range t.Code {
		text := in.String()
		if t.Strips != nil {
			text = in.threaded()
		}
		fmt.Fprintf(b, "    %s\n", text)
	}
	for _, s := range t.Stores {
		fmt.Fprintf(b, "    store %s, r%d\n", s.Value, s.Reg)
	}
	for i, s := range t.Sums {
		fmt.Fprintf(b, "    store %s, sum %d\n", s.Value, i)
	}
}

// String names the kind of load.
func (k LoadKind) String() string {
	return [...]string{"one", "rows", "dense", "repeat", "runs", "gather"}[k]
}

// String writes an instruction with the kernel that runs it over a tile: r4 = expAVX2 r3.
func (in Instr) String() string { return in.text(kernelName) }

// threaded writes an instruction with its function, for which there is a piece of threaded code: r4 = exp r3.
func (in Instr) threaded() string { return in.text(func(any) string { return in.Func.String() }) }

func (in Instr) text(name func(kernel any) string) string {
	d, a, b, c := in.Dst, in.A, in.B, in.C
	switch in.Op {
	case OpUnary:
		return fmt.Sprintf("r%d = %s r%d", d, name(in.Unary), a)
	case OpBinary:
		return fmt.Sprintf("r%d = %s r%d, r%d", d, name(in.Binary), a, b)
	case OpScalar:
		return fmt.Sprintf("r%d = %s r%d, number r%d", d, name(in.Scalar), a, b)
	case OpRows:
		return fmt.Sprintf("r%d = %s r%d, by row r%d", d, name(in.Scalar), a, b)
	case OpTernary:
		return fmt.Sprintf("r%d = %s r%d, r%d, r%d", d, name(in.Ternary), a, b, c)
	case OpTernary1:
		return fmt.Sprintf("r%d = %s r%d, r%d, number r%d", d, name(in.Ternary1), a, b, c)
	case OpChoose:
		return fmt.Sprintf("r%d = choose r%d, r%d, r%d", d, a, b, c)
	case OpSum:
		return fmt.Sprintf("sum %d += %s r%d", d, in.Reduce, a)
	case OpPack:
		return fmt.Sprintf("pack %d = r%d", d, a)
	case OpRowSum:
		return fmt.Sprintf("r%d = %s of each row of r%d", d, in.Reduce, a)
	}
	return fmt.Sprintf("r%d = %s r%d", d, map[Op]string{OpSpread: "spread", OpFill: "fill", OpCopy: "copy"}[in.Op], a)
}

// String names the reduction.
func (r Reduce) String() string { return [...]string{"sum", "max", "min"}[r] }

// kernelName is the name of a kernel's function without its package: tanhAVX2.
func kernelName(kernel any) string {
	name := runtime.FuncForPC(reflect.ValueOf(kernel).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
