package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// surface is what compute's source says: the ops in the order of its interfaces, and the types their parameters use.
type surface struct {
	methods []method
	structs map[string][]field // config structs by name
	enums   map[string]bool    // integer types with names
	opTypes map[string]bool    // OpType… constants
}

type method struct {
	name    string
	params  []field
	results []field // without the error
}

// field is a parameter, a result or a struct field; its type is written as in package compute.
type field struct {
	name, typ string
}

// interfaces whose methods are ops, in the order of the generated files, and the few ops among Function's own methods.
var (
	interfaces  = []string{"StandardOps", "DynamicOps", "FusedOps", "CollectiveOps"}
	functionOps = []string{"Call", "Sort", "While", "If"}
)

func readAPI(dir string) (*surface, error) {
	api := &surface{structs: map[string][]field{}, enums: map[string]bool{}, opTypes: map[string]bool{}}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string]*ast.InterfaceType{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			api.declaration(decl, found)
		}
	}
	for _, name := range interfaces {
		if found[name] == nil {
			return nil, fmt.Errorf("compute has no interface %s", name)
		}
		api.interfaceMethods(found[name], nil)
	}
	api.interfaceMethods(found["Function"], functionOps)
	for _, m := range api.methods {
		if !api.opTypes["OpType"+m.name] {
			return nil, fmt.Errorf("compute has no OpType%s", m.name)
		}
	}
	return api, nil
}

func (api *surface) declaration(decl ast.Decl, found map[string]*ast.InterfaceType) {
	d, ok := decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if strings.HasPrefix(name.Name, "OpType") {
					api.opTypes[name.Name] = true
				}
			}
		case *ast.TypeSpec:
			switch t := s.Type.(type) {
			case *ast.InterfaceType:
				found[s.Name.Name] = t
			case *ast.StructType:
				api.structs[s.Name.Name] = fields(t.Fields)
			case *ast.Ident:
				api.enums[s.Name.Name] = t.Name == "int"
			}
		}
	}
}

func (api *surface) interfaceMethods(t *ast.InterfaceType, only []string) {
	for _, m := range t.Methods.List {
		signature, ok := m.Type.(*ast.FuncType)
		if !ok || only != nil && !slices.Contains(only, m.Names[0].Name) {
			continue
		}
		results := fields(signature.Results)
		api.methods = append(api.methods, method{m.Names[0].Name, fields(signature.Params), results[:len(results)-1]})
	}
}

func fields(list *ast.FieldList) []field {
	var out []field
	for _, f := range list.List {
		typ := types.ExprString(f.Type)
		if len(f.Names) == 0 {
			out = append(out, field{"", typ})
		}
		for _, name := range f.Names {
			out = append(out, field{name.Name, typ})
		}
	}
	return out
}

// element strips what makes a list or a pointer: "...PadAxis", "[]PadAxis" and "*Quantization" use PadAxis, Quantization.
func element(typ string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(typ, "..."), "[]"), "*")
}

func isList(typ string) bool { return strings.HasPrefix(typ, "...") || strings.HasPrefix(typ, "[]") }

func isValues(typ string) bool { return element(typ) == "Value" && isList(typ) }

// valueFields returns the fields of struct typ that hold values.
func (api *surface) valueFields(typ string) []field {
	var out []field
	for _, f := range api.structs[element(typ)] {
		if f.typ == "Value" {
			out = append(out, f)
		}
	}
	return out
}

// attrFields returns the parameters of m that become its attribute.
func (m method) attrFields() []field {
	var out []field
	for _, p := range m.params {
		if element(p.typ) != "Value" && p.typ != "Function" {
			out = append(out, p)
		}
	}
	return out
}

// goName turns a parameter's name into a field's; snake turns any name into its text form.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func snake(name string) string {
	var b strings.Builder
	isUpper := func(i int) bool { return i >= 0 && i < len(name) && name[i] >= 'A' && name[i] <= 'Z' }
	for i := range len(name) {
		startsWord := isUpper(i) && (!isUpper(i-1) || i+1 < len(name) && !isUpper(i+1) && name[i+1] > '9')
		if i > 0 && startsWord {
			b.WriteByte('_')
		}
		b.WriteByte(name[i])
	}
	text := strings.ToLower(b.String())
	return strings.NewReplacer("d_type", "dtype", "na_n", "nan").Replace(text)
}

// qualified writes a type of package compute as other packages see it.
func qualified(typ string) string {
	base := element(typ)
	if base == "" || base[0] < 'A' || base[0] > 'Z' {
		return typ
	}
	return typ[:len(typ)-len(base)] + "compute." + base
}
