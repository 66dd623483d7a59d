package ir

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/compute/shapes"
)

// Parse reads the text form and returns its last function, verified. A function must come before those that run it.
// Values may be numbered in any way; their IDs follow the order of the text.
func Parse(text string) (*Func, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, funcs: make(map[string]*Func)}
	var last *Func
	for p.peek().kind != 0 && p.err == nil {
		last = p.function()
	}
	switch {
	case p.err != nil:
		return nil, p.err
	case last == nil:
		return nil, fmt.Errorf("ir: no function in the text")
	}
	return last, Verify(last)
}

// parser keeps the first error; after it every step is harmless and nothing more is made.
type parser struct {
	tokens []token
	at     int
	funcs  map[string]*Func
	values map[string]*Value // of the function being read
	err    error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("ir: line %d: %s", p.peek().line, fmt.Sprintf(format, args...))
		p.at = len(p.tokens)
	}
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// accept takes the next token if it is the punctuation kind.
func (p *parser) accept(kind byte) bool {
	if p.peek().kind == kind && kind != 0 {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(kind byte) string {
	if p.peek().kind != kind {
		want := string(kind)
		if kind == 'w' {
			want = "a word"
		}
		p.fail("expected %s, got %q", want, p.peek().text)
		return ""
	}
	return p.next().text
}

// word reads a name: a word, or a quoted string where the name is not one.
func (p *parser) word() string {
	if p.peek().kind == 'q' {
		return p.next().text
	}
	return p.expect('w')
}

// commas calls item until no comma follows; nothing at all before the token end.
func (p *parser) commas(end byte, item func()) {
	if p.peek().kind == end {
		return
	}
	for item(); p.err == nil && p.accept(','); {
		item()
	}
}

func (p *parser) function() *Func {
	if p.expect('w') != "func" {
		p.fail("expected func")
	}
	p.expect('@')
	f := NewFunc(p.word())
	p.values = make(map[string]*Value)
	p.expect('(')
	p.commas(')', func() {
		name, label := p.expect('w'), p.expect('q')
		p.expect(':')
		p.define(name, f.Param(label, p.shape()))
	})
	p.expect(')')
	if p.peek().text == "captures" {
		p.next()
		p.expect('(')
		p.commas(')', func() {
			name := p.expect('w')
			p.expect(':')
			p.define(name, f.Capture(p.shape()))
		})
		p.expect(')')
	}
	p.expect('{')
	for p.err == nil && p.peek().text != "return" {
		p.op(f)
	}
	p.next()
	f.Return(p.operands('}')...)
	p.expect('}')
	if p.err == nil && p.funcs[f.Name] != nil {
		p.fail("function @%s is defined twice", f.Name)
	}
	p.funcs[f.Name] = f
	return f
}

func (p *parser) define(name string, v *Value) {
	if p.values[name] != nil {
		p.fail("value %s is defined twice", name)
	}
	p.values[name] = v
}

// op reads "v1, v2 = kind args @body(captures) {attr} : types".
func (p *parser) op(f *Func) {
	var names []string
	p.commas('=', func() { names = append(names, p.expect('w')) })
	p.expect('=')
	name := p.expect('w')
	kind, ok := kindByName[name]
	if !ok {
		p.fail("unknown op %q", name)
		return
	}
	var args []*Value
	if p.peek().kind == 'w' {
		args = p.operands(0)
	}
	var bodies []Body
	for p.err == nil && p.accept('@') {
		bodies = append(bodies, p.body())
	}
	var attr node
	hasAttr := p.peek().kind == '{'
	if hasAttr {
		attr = p.node()
	}
	p.expect(':')
	var results []shapes.Shape
	p.commas(0, func() { results = append(results, p.shape()) })
	if p.err != nil {
		return
	}
	if len(results) != len(names) || len(results) == 0 {
		p.fail("%s: %d names for %d types", kind, len(names), len(results))
		return
	}
	op := f.Add(kind, args, p.attr(kind, hasAttr, attr, results[0]), bodies, results...)
	for i, name := range names {
		p.define(name, op.Results[i])
	}
}

func (p *parser) attr(kind Kind, given bool, n node, result shapes.Shape) Attr {
	zero := infos[kind].attr
	if (zero != nil) != given {
		p.fail("%s: attribute given: %t, needed: %t", kind, given, zero != nil)
	}
	if zero == nil || p.err != nil {
		return nil
	}
	r := newAttrReader(n)
	r.result = result
	a := zero.read(r)
	if err := r.finish(); err != nil {
		p.fail("%s: %v", kind, err)
	}
	return a
}

func (p *parser) body() Body {
	name := p.word()
	f := p.funcs[name]
	if f == nil {
		p.fail("unknown function @%s", name)
	}
	p.expect('(')
	captures := p.operands(')')
	p.expect(')')
	return Body{Func: f, Captures: captures}
}

// operands reads values up to, not including, the token end; a dash is an operand that was left out.
func (p *parser) operands(end byte) []*Value {
	var values []*Value
	p.commas(end, func() {
		name := p.expect('w')
		v := p.values[name]
		if v == nil && name != "-" {
			p.fail("value %q is not defined here", name)
		}
		values = append(values, v)
	})
	return values
}

func (p *parser) shape() shapes.Shape {
	name := p.expect('w')
	dtype, ok := dtypeByText[name]
	if !ok {
		p.fail("unknown element type %q", name)
	}
	s := shapes.Shape{DType: dtype}
	if p.peek().kind != '[' {
		return s
	}
	p.next()
	named := false
	p.commas(']', func() {
		axis, dim := p.axis()
		s.Dimensions = append(s.Dimensions, dim)
		s.AxisNames = append(s.AxisNames, axis)
		named = named || axis != ""
		if dim == shapes.DynamicDim && axis == "" {
			p.fail("an axis of unknown length needs a name")
		}
	})
	p.expect(']')
	if !named {
		s.AxisNames = nil
	}
	return s
}

// axis reads "8", "batch:8" or "batch:?".
func (p *parser) axis() (name string, dim int) {
	isName := p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind == ':'
	if isName {
		name = p.word()
		p.expect(':')
	}
	if p.accept('?') {
		return name, shapes.DynamicDim
	}
	word := p.expect('w')
	dim, err := strconv.Atoi(word)
	if err != nil || dim < 0 || dim > 1<<40 {
		p.fail("expected the length of an axis, got %q", word)
	}
	return name, dim
}

// node reads one attribute value.
func (p *parser) node() node {
	switch {
	case p.accept('['):
		n := node{isList: true, list: []node{}}
		p.commas(']', func() { n.list = append(n.list, p.node()) })
		p.expect(']')
		return n
	case p.accept('{'):
		n := node{fields: make(map[string]node)}
		p.commas('}', func() {
			key := p.expect('w')
			p.expect('=')
			if _, twice := n.fields[key]; twice {
				p.fail("attribute %q is given twice", key)
			}
			n.fields[key] = p.node()
		})
		p.expect('}')
		return n
	case p.peek().kind == 'q':
		return node{word: p.next().text, quoted: true}
	}
	word := p.peek().text
	if _, isType := dtypeByText[strings.TrimSpace(word)]; isType {
		return node{word: word, shape: p.shape()}
	}
	return node{word: p.expect('w')}
}
