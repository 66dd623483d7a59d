package ir

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/gomlx/compute/dtypes"
)

// Same reports whether f and g, and the functions that they run, have the same text. It ends at the first difference.
func Same(f, g *Func) bool {
	c := comparison{peers: make(map[*Func]*Func)}
	return c.functions(f, g)
}

type comparison struct {
	peers map[*Func]*Func // what a function was compared with
	a, b  attrWriter
}

func (c *comparison) functions(f, g *Func) bool {
	if peer := c.peers[f]; peer != nil {
		return peer == g
	}
	c.peers[f] = g
	return f.Name == g.Name && len(f.Ops) == len(g.Ops) && slices.Equal(f.ParamNames, g.ParamNames) &&
		slices.EqualFunc(f.Params, g.Params, alike) && slices.EqualFunc(f.Captures, g.Captures, alike) &&
		slices.EqualFunc(f.Ops, g.Ops, c.ops) && slices.EqualFunc(f.Results, g.Results, named)
}

func (c *comparison) ops(o, p *Op) bool {
	return o.Kind == p.Kind && slices.EqualFunc(o.Args, p.Args, named) && slices.EqualFunc(o.Results, p.Results, alike) &&
		slices.EqualFunc(o.Bodies, p.Bodies, c.bodies) && c.attrs(o.Attr, p.Attr)
}

func (c *comparison) bodies(a, b Body) bool {
	return slices.EqualFunc(a.Captures, b.Captures, named) && c.functions(a.Func, b.Func)
}

// attrs compares attributes of one kind by their text, constants byte by byte.
func (c *comparison) attrs(a, b Attr) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a, isConstant := a.(ConstantAttr); isConstant {
		flat := b.(ConstantAttr).Flat
		return reflect.TypeOf(a.Flat) == reflect.TypeOf(flat) && bytes.Equal(dtypes.UnsafeByteSliceFromAny(a.Flat), dtypes.UnsafeByteSliceFromAny(flat))
	}
	c.a, c.b = attrWriter{out: c.a.out[:0]}, attrWriter{out: c.b.out[:0]}
	a.write(&c.a)
	b.write(&c.b)
	return bytes.Equal(c.a.out, c.b.out)
}

// named reports whether v and w, of two functions, have the same name; a value that was left out has none.
func named(v, w *Value) bool {
	if v == nil || w == nil {
		return v == w
	}
	return v.ID == w.ID
}

// alike reports whether v and w, of two functions, have the same name and type.
func alike(v, w *Value) bool { return v.ID == w.ID && v.Shape.Equal(w.Shape) }
