package conf

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Commented prints the configuration as YAML, each value with its source as a comment: a file that File reads again.
func (c *Config) Commented() ([]byte, error) {
	var root yaml.Node
	if err := root.Encode(c.target); err != nil {
		return nil, fmt.Errorf("conf: print: %w", err)
	}
	c.comment("", &root)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&root); err != nil {
		return nil, fmt.Errorf("conf: print: %w", err)
	}
	return out.Bytes(), enc.Close()
}

func (c *Config) comment(prefix string, node *yaml.Node) {
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		if c.byKey[key] == nil {
			c.comment(key+".", value)
			continue
		}
		value.LineComment = c.sources[key]
		if value.Kind == yaml.SequenceNode {
			value.Style = yaml.FlowStyle
		}
	}
}
