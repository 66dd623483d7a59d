package ir

import (
	"fmt"
	"strconv"
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
	return string(p.out)
}

// String returns the line of op, bodies by their own names.
func (op *Op) String() string {
	p := newPrinter()
	p.op(op)
	return string(p.out)
}

// String returns v's name, such as v7.
func (v *Value) String() string {
	if v == nil {
		return "-"
	}
	return "v" + strconv.Itoa(v.ID)
}

type printer struct {
	attrWriter
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
	if len(p.out) > 0 {
		p.text("\n")
	}
	p.text("func @", wordText(p.name(f)), "(")
	for i, v := range f.Params {
		if i > 0 {
			p.text(", ")
		}
		p.text(v.String(), " ", strconv.Quote(f.ParamNames[i]), ": ")
		p.out = appendShape(p.out, v.Shape)
	}
	p.text(")")
	if len(f.Captures) > 0 {
		p.text(" captures (")
		for i, v := range f.Captures {
			if i > 0 {
				p.text(", ")
			}
			p.text(v.String(), ": ")
			p.out = appendShape(p.out, v.Shape)
		}
		p.text(")")
	}
	p.text(" {\n")
	for _, op := range f.Ops {
		p.text("  ")
		p.op(op)
		p.text("\n")
	}
	p.text("  return ")
	p.values(f.Results)
	p.text("\n}\n")
}

func (p *printer) op(op *Op) {
	p.values(op.Results)
	p.text(" = ", op.Kind.String())
	if len(op.Args) > 0 {
		p.text(" ")
		p.values(op.Args)
	}
	for _, body := range op.Bodies {
		p.text(" @", wordText(p.name(body.Func)), "(")
		p.values(body.Captures)
		p.text(")")
	}
	if op.Attr != nil {
		p.text(" ")
		p.attr(op.Attr)
	}
	p.text(" : ")
	p.out = appendShapes(p.out, op.Results)
}

func (p *printer) text(parts ...string) {
	for _, s := range parts {
		p.out = append(p.out, s...)
	}
}

func (p *printer) values(list []*Value) {
	for i, v := range list {
		if i > 0 {
			p.text(", ")
		}
		if v == nil {
			p.text("-")
		} else {
			p.out = strconv.AppendInt(append(p.out, 'v'), int64(v.ID), 10)
		}
	}
}
