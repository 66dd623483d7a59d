package main

import (
	"bytes"
	"fmt"
	"strings"
)

// writeRecorder writes a method of build.Function for each op: it hands a copy of its parameters to record.
func writeRecorder(api *surface, b *bytes.Buffer) {
	fmt.Fprintf(b, "package build\n\nimport (\n\"slices\"\n\n\"github.com/gomlx/compute\"\n\"github.com/gomlx/compute/dtypes\"\n\"github.com/gomlx/compute/shapes\"\n\n\"github.com/dyt-go/dyt/cpu/ir\"\n)\n\n")
	for _, m := range api.methods {
		fmt.Fprintf(b, "// %s records the op of that name; see compute.Function.\n", m.name)
		fmt.Fprintf(b, "func (f *Function) %s(%s) (%s) {\n", m.name, signature(m.params), results(m))
		api.splits(b, m)
		call := fmt.Sprintf("f.record(ir.%s, %s, %s, %s)", m.name, api.attrLiteral(m), bodies(m), api.argList(m))
		fmt.Fprintf(b, "return %s\n}\n\n", converted(m, call))
	}
}

func signature(params []field) string {
	parts := make([]string, len(params))
	for i, p := range params {
		parts[i] = paramName(p) + " " + qualified(p.typ)
	}
	return strings.Join(parts, ", ")
}

// paramName keeps clear of the receiver.
func paramName(p field) string {
	if p.name == "f" {
		return "callee"
	}
	return p.name
}

func results(m method) string {
	parts := make([]string, len(m.results))
	for i, r := range m.results {
		parts[i] = qualified(r.typ)
	}
	return strings.Join(append(parts, "error"), ", ")
}

// splits takes the values out of config structs, into variables named after the parameter.
func (api *surface) splits(b *bytes.Buffer, m method) {
	for _, p := range m.params {
		n := len(api.valueFields(p.typ))
		if n == 0 {
			continue
		}
		split := "ir.Split" + element(p.typ)
		if isList(p.typ) {
			fmt.Fprintf(b, "%s, %sValues := splitList(%s, %s)\n", p.name, p.name, p.name, split)
		} else {
			fmt.Fprintf(b, "%s, %sValues := splitPointer(%s, %d, %s)\n", p.name, p.name, p.name, n, split)
		}
	}
}

func (api *surface) attrLiteral(m method) string {
	fields := m.attrFields()
	if len(fields) == 0 {
		return "nil"
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = goName(f.name) + ": " + api.copied(f)
	}
	return fmt.Sprintf("ir.%sAttr{%s}", m.name, strings.Join(parts, ", "))
}

// copied writes an expression that shares no memory with the caller's parameter.
func (api *surface) copied(f field) string {
	switch {
	case len(api.valueFields(f.typ)) > 0:
		return f.name // splitList and splitPointer made a copy
	case f.typ == "[][]int":
		return "cloneLists(" + f.name + ")"
	case isList(f.typ):
		return "slices.Clone(" + f.name + ")"
	case f.typ == "shapes.Shape", api.hasSlices(f.typ):
		return f.name + ".Clone()"
	}
	return f.name
}

func (api *surface) hasSlices(typ string) bool {
	for _, f := range api.structs[typ] {
		if strings.HasPrefix(f.typ, "[]") {
			return true
		}
	}
	return false
}

func bodies(m method) string {
	var names []string
	for _, p := range m.params {
		if p.typ == "Function" {
			names = append(names, paramName(p))
		}
	}
	if names == nil {
		return "nil"
	}
	return "[]compute.Function{" + strings.Join(names, ", ") + "}"
}

// argList writes the operands in the order of op.Args: those that are always listed, then the list.
func (api *surface) argList(m method) string {
	var pieces, singles []string
	flush := func() {
		if singles != nil {
			pieces = append(pieces, "[]compute.Value{"+strings.Join(singles, ", ")+"}")
			singles = nil
		}
	}
	list := ""
	for _, p := range m.params {
		switch hasValues := len(api.valueFields(p.typ)) > 0; {
		case p.typ == "Value":
			singles = append(singles, p.name)
		case isValues(p.typ):
			list = p.name
		case hasValues && isList(p.typ):
			list = p.name + "Values"
		case hasValues:
			flush()
			pieces = append(pieces, p.name+"Values")
		}
	}
	flush()
	if list != "" {
		pieces = append(pieces, list)
	}
	switch len(pieces) {
	case 0:
		return "nil"
	case 1:
		return pieces[0]
	}
	return "slices.Concat(" + strings.Join(pieces, ", ") + ")"
}

// converted wraps a call in the helper for its number of results. In build the helpers spread record's list as the
// method returns it; in delegate those of the same names gather a method's results into a list.
func converted(m method, call string) string {
	switch len(m.results) {
	case 1:
		if isValues(m.results[0].typ) {
			return call
		}
		return "one(" + call + ")"
	case 2:
		if isValues(m.results[1].typ) {
			return "oneAndMore(" + call + ")"
		}
		return "two(" + call + ")"
	case 3:
		return "three(" + call + ")"
	}
	panic("no spreading for the results of " + m.name)
}

// writeReplay writes the function that issues a recorded op to any compute.Function.
func writeReplay(api *surface, b *bytes.Buffer) {
	fmt.Fprintf(b, "package delegate\n\nimport (\n\"fmt\"\n\n\"github.com/gomlx/compute\"\n\n\"github.com/dyt-go/dyt/cpu/ir\"\n)\n\n")
	fmt.Fprintf(b, "// issue calls the method of f that op was recorded from, with args for its operands and fns for its functions.\n")
	fmt.Fprintf(b, "func issue(f compute.Function, op *ir.Op, args []compute.Value, fns []compute.Function) ([]compute.Value, error) {\nswitch op.Kind {\n")
	for _, m := range api.methods {
		fmt.Fprintf(b, "case ir.%s:\n", m.name)
		if len(m.attrFields()) > 0 {
			fmt.Fprintf(b, "a := op.Attr.(ir.%sAttr)\n", m.name)
		}
		fmt.Fprintf(b, "return %s\n", converted(m, fmt.Sprintf("f.%s(%s)", m.name, api.callArgs(m))))
	}
	fmt.Fprintf(b, "}\nreturn nil, fmt.Errorf(\"BUG: delegate: no method for op %%s\", op)\n}\n")
}

// callArgs writes the arguments of the call: operands from args, parameters from the attribute.
func (api *surface) callArgs(m method) string {
	parts := make([]string, len(m.params))
	at, fn, list := 0, 0, -1
	for i, p := range m.params {
		values := len(api.valueFields(p.typ))
		switch {
		case p.typ == "Value":
			parts[i] = fmt.Sprintf("args[%d]", at)
			at++
		case p.typ == "Function":
			parts[i] = fmt.Sprintf("fns[%d]", fn)
			fn++
		case isValues(p.typ), isList(p.typ) && values > 0:
			list = i
		case values > 0:
			parts[i] = fmt.Sprintf("joinPointer(a.%s, args[%d:%d], ir.Join%s)", goName(p.name), at, at+values, element(p.typ))
			at += values
		case strings.HasPrefix(p.typ, "..."):
			parts[i] = "a." + goName(p.name) + "..."
		default:
			parts[i] = "a." + goName(p.name)
		}
	}
	if list >= 0 {
		parts[list] = api.listArg(m.params[list], at)
	}
	return strings.Join(parts, ", ")
}

func (api *surface) listArg(p field, at int) string {
	arg := fmt.Sprintf("args[%d:]", at)
	if at == 0 {
		arg = "args"
	}
	if !isValues(p.typ) {
		arg = fmt.Sprintf("joinList(a.%s, %s, ir.Join%s)", goName(p.name), arg, element(p.typ))
	}
	if strings.HasPrefix(p.typ, "...") {
		arg += "..."
	}
	return arg
}
