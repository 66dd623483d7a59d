package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the text form of f, preceded by every function that it runs:
//
//	func @main(v0 "x": f32[8,4], v1 "n": i32) {
//	  v2 = tanh v0 : f32[8,4]
//	  v3 = reduce_sum v2 {axes=[1]} : f32[8]
//	  v4, v5 = while v1, v3 @main.1() @main.2(v0) : i32, f32[8]
//	  return v5
//	}
//
// An operand that was left out is a dash. A body is followed by its captures. Parse reads the same text.
func (f *Func) String() string {
	p := newPrinter()
	p.function(f)
	return p.out.String()
}

// String returns the line of op, bodies by their own names.
func (op *Op) String() string {
	p := newPrinter()
	p.op(op)
	return p.out.String()
}

// String returns v's name, such as v7.
func (v *Value) String() string {
	if v == nil {
		return "-"
	}
	return "v" + strconv.Itoa(v.ID)
}

type printer struct {
	out   strings.Builder
	names map[*Func]string
	taken map[string]bool
}

func newPrinter() *printer {
	return &printer{names: make(map[*Func]string), taken: make(map[string]bool)}
}

// name gives every function a name of its own: the one it has, or that with a number.
func (p *printer) name(f *Func) string {
	if name, ok := p.names[f]; ok {
		return name
	}
	base := f.Name
	if base == "" {
		base = "closure"
	}
	name := base
	for n := 1; p.taken[name]; n++ {
		name = fmt.Sprintf("%s.%d", base, n)
	}
	p.names[f], p.taken[name] = name, true
	return name
}

func (p *printer) function(f *Func) {
	printed := make(map[*Func]bool)
	var visit func(*Func)
	visit = func(f *Func) {
		if printed[f] {
			return
		}
		printed[f] = true
		p.name(f)
		for _, op := range f.Ops {
			for _, body := range op.Bodies {
				visit(body.Func)
			}
		}
		p.definition(f)
	}
	visit(f)
}

func (p *printer) definition(f *Func) {
	if p.out.Len() > 0 {
		p.out.WriteByte('\n')
	}
	fmt.Fprintf(&p.out, "func @%s(", wordText(p.name(f)))
	for i, v := range f.Params {
		if i > 0 {
			p.out.WriteString(", ")
		}
		fmt.Fprintf(&p.out, "%s %s: %s", v, strconv.Quote(f.ParamNames[i]), ShapeText(v.Shape))
	}
	p.out.WriteByte(')')
	if len(f.Captures) > 0 {
		p.out.WriteString(" captures (")
		for i, v := range f.Captures {
			if i > 0 {
				p.out.WriteString(", ")
			}
			fmt.Fprintf(&p.out, "%s: %s", v, ShapeText(v.Shape))
		}
		p.out.WriteByte(')')
	}
	p.out.WriteString(" {\n")
	for _, op := range f.Ops {
		p.out.WriteString("  ")
		p.op(op)
		p.out.WriteByte('\n')
	}
	fmt.Fprintf(&p.out, "  return %s\n}\n", valueList(f.Results))
}

func (p *printer) op(op *Op) {
	p.values(op.Results)
	p.out.WriteString(" = " + op.Kind.String())
	if len(op.Args) > 0 {
		p.out.WriteByte(' ')
		p.values(op.Args)
	}
	for _, body := range op.Bodies {
		fmt.Fprintf(&p.out, " @%s(%s)", wordText(p.name(body.Func)), valueList(body.Captures))
	}
	if op.Attr != nil {
		p.out.WriteString(" " + AttrText(op.Attr))
	}
	p.out.WriteString(" : " + ShapeTexts(op.Results))
}

func (p *printer) values(list []*Value) {
	for i, v := range list {
		if i > 0 {
			p.out.WriteString(", ")
		}
		p.out.WriteString(v.String())
	}
}

// AttrText returns an attribute in text form; equal attributes have equal texts.
func AttrText(a Attr) string {
	if a == nil {
		return ""
	}
	var w attrWriter
	a.write(&w)
	return w.String()
}

func valueList(values []*Value) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.String()
	}
	return strings.Join(texts, ", ")
}
