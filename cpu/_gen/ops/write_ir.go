package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// writeKinds writes the enumeration of kinds and the table of what each one has.
func writeKinds(api *surface, b *bytes.Buffer) {
	fmt.Fprintf(b, "package ir\n\nimport \"github.com/gomlx/compute\"\n\n")
	fmt.Fprintf(b, "// The kinds, in the order of compute's interfaces.\nconst (\nInvalid Kind = iota\nConstant\n")
	for _, m := range api.methods {
		fmt.Fprintf(b, "%s\n", m.name)
	}
	fmt.Fprintf(b, ")\n\nvar infos = [...]info{\nInvalid: {name: \"invalid\"},\n")
	fmt.Fprintf(b, "Constant: {name: \"constant\", opType: compute.OpTypeConstant, results: 1, attr: ConstantAttr{}},\n")
	for _, m := range api.methods {
		fmt.Fprintf(b, "%s: {name: %q, opType: compute.OpType%s%s},\n", m.name, snake(m.name), m.name, api.infoFields(m))
	}
	fmt.Fprintf(b, "}\n")
}

func (api *surface) infoFields(m method) string {
	fixed, bodies, list := 0, 0, false
	for _, p := range m.params {
		values := len(api.valueFields(p.typ))
		switch {
		case p.typ == "Value":
			fixed++
		case p.typ == "Function":
			bodies++
		case isValues(p.typ), isList(p.typ) && values > 0:
			list = true
		default:
			fixed += values
		}
	}
	results, more := 0, false
	for _, r := range m.results {
		if isList(r.typ) {
			more = true
		} else {
			results++
		}
	}
	var s strings.Builder
	add := func(name string, value any, zero any) {
		if value != zero {
			fmt.Fprintf(&s, ", %s: %v", name, value)
		}
	}
	add("fixed", fixed, 0)
	add("list", list, false)
	add("bodies", bodies, 0)
	add("results", results, 0)
	add("more", more, false)
	if len(m.attrFields()) > 0 {
		add("attr", m.name+"Attr{}", "")
	}
	return s.String()
}

// writeAttrs writes a struct for each op that has parameters besides values, with its text both ways.
func writeAttrs(api *surface, b *bytes.Buffer) {
	fmt.Fprintf(b, "package ir\n\nimport (\n\"github.com/gomlx/compute\"\n\"github.com/gomlx/compute/dtypes\"\n\"github.com/gomlx/compute/shapes\"\n)\n\n")
	for _, m := range api.methods {
		fields := m.attrFields()
		if len(fields) == 0 {
			continue
		}
		fmt.Fprintf(b, "// %sAttr holds the parameters of compute's %s.\ntype %sAttr struct {\n", m.name, m.name, m.name)
		for _, f := range fields {
			fmt.Fprintf(b, "%s %s\n", goName(f.name), strings.Replace(qualified(f.typ), "...", "[]", 1))
		}
		fmt.Fprintf(b, "}\n\nfunc (a %sAttr) write(w *attrWriter) {\n", m.name)
		for _, f := range fields {
			fmt.Fprintln(b, api.writeCall("a", f))
		}
		fmt.Fprintf(b, "}\n\nfunc (a %sAttr) read(r *attrReader) Attr {\n", m.name)
		for _, f := range fields {
			fmt.Fprintf(b, "a.%s = %s\n", goName(f.name), api.readCall(f))
		}
		fmt.Fprintf(b, "return a\n}\n\n")
	}
}

// plainCodecs are the types whose text attr.go knows.
var plainCodecs = map[string]string{
	"int": "int", "bool": "bool", "string": "string", "float32": "float32", "float64": "float64",
	"dtypes.DType": "dtype", "shapes.Shape": "shape",
	"[]int": "ints", "...int": "ints", "[][2]int": "pairs", "[][]int": "intLists",
}

// structCodec names the helper of attr.go for a struct, a pointer to one, or a list of them.
func structCodec(typ string) string {
	switch {
	case isList(typ):
		return "Structs"
	case strings.HasPrefix(typ, "*"):
		return "Pointer"
	}
	return "Struct"
}

func (api *surface) writeCall(receiver string, f field) string {
	value := receiver + "." + goName(f.name)
	switch {
	case plainCodecs[f.typ] != "":
		return fmt.Sprintf("w.%s(%q, %s)", plainCodecs[f.typ], snake(f.name), value)
	case api.enums[f.typ]:
		return fmt.Sprintf("putEnum(w, %q, %s)", snake(f.name), value)
	case api.structs[element(f.typ)] != nil:
		return fmt.Sprintf("put%s(w, %q, %s, write%s)", structCodec(f.typ), snake(f.name), value, element(f.typ))
	}
	panic("no text for a parameter of type " + f.typ)
}

func (api *surface) readCall(f field) string {
	switch {
	case plainCodecs[f.typ] != "":
		return fmt.Sprintf("r.%s(%q)", plainCodecs[f.typ], snake(f.name))
	case api.enums[f.typ]:
		return fmt.Sprintf("getEnum[compute.%s](r, %q)", f.typ, snake(f.name))
	case api.structs[element(f.typ)] != nil:
		return fmt.Sprintf("get%s(r, %q, read%s)", structCodec(f.typ), snake(f.name), element(f.typ))
	}
	panic("no text for a parameter of type " + f.typ)
}

// usedStructs returns the config structs that ops take, sorted.
func (api *surface) usedStructs() []string {
	used := map[string]bool{}
	for _, m := range api.methods {
		for _, p := range m.params {
			if api.structs[element(p.typ)] != nil {
				used[element(p.typ)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// writeConfigs writes, for each config struct, its text both ways; where it holds values, also how they are taken
// out and put back.
func writeConfigs(api *surface, b *bytes.Buffer) {
	fmt.Fprintf(b, "package ir\n\nimport \"github.com/gomlx/compute\"\n\n")
	for _, name := range api.usedStructs() {
		fmt.Fprintf(b, "func write%s(w *attrWriter, c compute.%s) {\n", name, name)
		for _, f := range api.structs[name] {
			if f.typ != "Value" {
				fmt.Fprintln(b, api.writeCall("c", f))
			}
		}
		fmt.Fprintf(b, "}\n\nfunc read%s(r *attrReader) (c compute.%s) {\n", name, name)
		for _, f := range api.structs[name] {
			if f.typ != "Value" {
				fmt.Fprintf(b, "c.%s = %s\n", f.name, api.readCall(f))
			}
		}
		fmt.Fprintf(b, "return c\n}\n\n")
		api.writeSplit(b, name)
	}
}

func (api *surface) writeSplit(b *bytes.Buffer, name string) {
	values := api.valueFields(name)
	if len(values) == 0 {
		return
	}
	list := make([]string, len(values))
	for i, f := range values {
		list[i] = "c." + f.name
	}
	joined, nils := strings.Join(list, ", "), strings.Join(slices.Repeat([]string{"nil"}, len(values)), ", ")
	fmt.Fprintf(b, "// Split%s returns c without the values in it, and the values.\n", name)
	fmt.Fprintf(b, "func Split%s(c compute.%s) (compute.%s, []compute.Value) {\n", name, name, name)
	fmt.Fprintf(b, "values := []compute.Value{%s}\n%s = %s\nreturn c, values\n}\n\n", joined, joined, nils)
	fmt.Fprintf(b, "// Join%s returns c with values in their places: those that Split%s gave, or others.\n", name, name)
	fmt.Fprintf(b, "func Join%s(c compute.%s, values []compute.Value) compute.%s {\n", name, name, name)
	for i := range values {
		fmt.Fprintf(b, "%s = values[%d]\n", list[i], i)
	}
	fmt.Fprintf(b, "return c\n}\n\n")
}
