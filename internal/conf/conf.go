// Package conf resolves a configuration from layers and remembers where each value came from.
//
// The layers, lowest first: built-in default < preset < file < environment < flag. A configuration is any struct with
// yaml tags; its leaves have dotted keys ("optim.lr"), which are also the flag names, the YAML paths and, in capitals with
// underscores behind DYT_, the environment names. An unknown name in any layer is an error with the nearest known one.
// The package knows no particular configuration. Read this file first; exit.go has the exit codes of the tool.
package conf

import (
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"github.com/dyt-go/dyt/internal/suggest"
	"go.yaml.in/yaml/v3"
)

// Config is a struct under resolution: its leaves by key, and the source of each.
type Config struct {
	target  any
	leaves  []*leaf
	byKey   map[string]*leaf
	sources map[string]string
}

type leaf struct {
	key   string
	value reflect.Value
}

// Of opens the struct that target points to. The values it holds now are the first layer, named source ("default").
// It panics if target is not a pointer to a struct whose fields all have yaml names.
func Of(target any, source string) *Config {
	c := &Config{target: target, byKey: map[string]*leaf{}, sources: map[string]string{}}
	c.walk("", reflect.ValueOf(target).Elem())
	for _, l := range c.leaves {
		c.byKey[l.key] = l
		c.sources[l.key] = source
	}
	return c
}

// walk collects the leaves of v: everything that is not a struct, and structs that decode themselves.
func (c *Config) walk(prefix string, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if strings.Contains(options, "inline") {
			c.walk(prefix, v.Field(i))
			continue
		}
		if name == "" {
			panic("BUG: conf: field " + field.Name + " has no yaml name")
		}
		if field.Type.Kind() == reflect.Struct && !decodesItself(field.Type) {
			c.walk(prefix+name+".", v.Field(i))
			continue
		}
		c.leaves = append(c.leaves, &leaf{prefix + name, v.Field(i)})
	}
}

func decodesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]())
}

// Keys returns the dotted keys in the order of the struct.
func (c *Config) Keys() []string {
	keys := make([]string, len(c.leaves))
	for i, l := range c.leaves {
		keys[i] = l.key
	}
	return keys
}

// Source returns where the value of key came from.
func (c *Config) Source(key string) string { return c.sources[key] }

// Sources returns a copy of the whole table, key to source.
func (c *Config) Sources() map[string]string {
	table := make(map[string]string, len(c.sources))
	for k, s := range c.sources {
		table[k] = s
	}
	return table
}

// Set gives key the value that text says: numbers may be written 3e-4, 1_000, 512k, 64Ki; durations 3m; lists a,b,c.
func (c *Config) Set(key, text, source string) error {
	l, err := c.find(key, source)
	if err != nil {
		return err
	}
	if err := parse(l.value, text); err != nil {
		return usage("conf: %s: %s = %q: %w", source, key, text, err)
	}
	c.sources[key] = source
	return nil
}

// SetFrom copies the values of a struct of the same type, such as a preset. Only keys whose value differs from the
// present one change their source.
func (c *Config) SetFrom(other any, source string) {
	o := Of(other, source)
	for i, l := range o.leaves {
		if !reflect.DeepEqual(l.value.Interface(), c.leaves[i].value.Interface()) {
			c.leaves[i].value.Set(l.value)
			c.sources[l.key] = source
		}
	}
}

// Take copies the values of the keys that wanted holds for from a struct of the same type, whatever they were.
func (c *Config) Take(other any, source string, wanted func(key string) bool) {
	for i, l := range Of(other, source).leaves {
		if wanted(l.key) {
			c.leaves[i].value.Set(l.value)
			c.sources[l.key] = source
		}
	}
}

// File reads a YAML file as a layer.
func (c *Config) File(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return WithCode(fmt.Errorf("conf: read %s: %w", path, err), ExitInput)
	}
	return c.YAML(content, path)
}

// YAML reads a YAML document as a layer named source. An empty document changes nothing.
func (c *Config) YAML(content []byte, source string) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return WithCode(fmt.Errorf("conf: %s: %w", source, err), ExitUsage)
	}
	if doc.Kind == 0 {
		return nil
	}
	return c.mapping("", doc.Content[0], source)
}

func (c *Config) mapping(prefix string, node *yaml.Node, source string) error {
	if node.Kind != yaml.MappingNode {
		return usage("conf: %s:%d: expected names with values under %q, got %q", source, node.Line, prefix, node.Value)
	}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		where := fmt.Sprintf("%s:%d", source, name.Line)
		if seen[key] {
			return usage("conf: %s: %s is given twice", where, key)
		}
		seen[key] = true
		if c.isGroup(key) {
			if err := c.mapping(key+".", value, source); err != nil {
				return err
			}
			continue
		}
		if err := c.setNode(key, value, where); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) setNode(key string, node *yaml.Node, source string) error {
	l, err := c.find(key, source)
	if err != nil {
		return err
	}
	if node.Kind == yaml.ScalarNode && !decodesItself(l.value.Type()) {
		if node.Tag == "!!null" {
			l.value.SetZero()
			c.sources[key] = source
			return nil
		}
		return c.Set(key, node.Value, source)
	}
	fresh := reflect.New(l.value.Type())
	if err := node.Decode(fresh.Interface()); err != nil {
		return usage("conf: %s: %s: %v", source, key, err)
	}
	l.value.Set(fresh.Elem())
	c.sources[key] = source
	return nil
}

func (c *Config) isGroup(key string) bool {
	for _, l := range c.leaves {
		if strings.HasPrefix(l.key, key+".") {
			return true
		}
	}
	return false
}

func (c *Config) find(key, source string) (*leaf, error) {
	if l := c.byKey[key]; l != nil {
		return l, nil
	}
	return nil, usage("conf: %s: unknown key %q%s", source, key, suggest.DidYouMean(key, c.Keys()))
}

// EnvName returns the environment variable of a key: "optim.lr" is DYT_OPTIM_LR.
func EnvName(key string) string {
	return "DYT_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// Reserved lists the DYT_ variables that steer the program and are no configuration keys.
var Reserved = []string{"DYT_HOME", "DYT_CPU", "DYT_REQUIRE", "DYT_DEBUG", "DYT_TRACE", "DYT_DATA", "DYT_CACHE", "DYT_THREADS", "DYT_BACKEND", "DYT_LOG"}

// Env reads the environment ("NAME=value" entries, as os.Environ gives them) as a layer. An empty variable counts as unset.
func (c *Config) Env(environ []string) error {
	keys := map[string]string{}
	names := append([]string(nil), Reserved...)
	for _, l := range c.leaves {
		keys[EnvName(l.key)] = l.key
		names = append(names, EnvName(l.key))
	}
	sort.Strings(environ)
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "DYT_") || contains(Reserved, name) || text == "" {
			continue
		}
		key, known := keys[name]
		if !known {
			return usage("conf: unknown environment variable %s%s", name, suggest.DidYouMean(name, names))
		}
		if err := c.Set(key, text, "env "+name); err != nil {
			return err
		}
	}
	return nil
}

func contains(list []string, name string) bool {
	for _, s := range list {
		if s == name {
			return true
		}
	}
	return false
}

// Table returns key, value and source of every leaf, in the order of the struct: what --print-config shows.
func (c *Config) Table() [][3]string {
	rows := make([][3]string, len(c.leaves))
	for i, l := range c.leaves {
		rows[i] = [3]string{l.key, text(l.value), c.sources[l.key]}
	}
	return rows
}
