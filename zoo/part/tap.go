package part

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Taps collects named nodes while a graph is built.
type Taps struct {
	Names []string
	Nodes []*Node
}

const tapsKey = "/taps"

// Record makes every later Tap of graph g append to the result. Without it taps cost nothing.
func Record(g *Graph) *Taps {
	t := &Taps{}
	model.SetGraphParam(g, tapsKey, t)
	return t
}

// Tap names a node of the graph, for whoever records.
func Tap(x *Node, name string) {
	if value, found := model.GetGraphParam(x.Graph(), tapsKey); found {
		t := value.(*Taps)
		t.Names, t.Nodes = append(t.Names, name), append(t.Nodes, x)
	}
}

// ID returns the checkpoint path of a scope: "/model/norm" is model.norm.
func ID(s *model.Scope) string {
	return strings.ReplaceAll(strings.Trim(s.Scope(), model.ScopeSeparator), model.ScopeSeparator, ".")
}
