package part

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Trace builds the graph of m's evaluation on a batch of one and throws it away: what stays is every variable of the
// network in store, with its shape and without a value. No memory is taken for weights or activations.
func Trace(backend compute.Backend, store *model.Store, m Model) error {
	return trace(backend, store, m, m.Inputs(1), func(*graph.Graph) {})
}

// trace builds the graph of m's evaluation on the given inputs, shows it to look, and throws it away.
func trace(backend compute.Backend, store *model.Store, m Model, inputs []shapes.Shape, look func(g *graph.Graph)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s %s: %v", m.Arch(), m.Variant(), r)
		}
	}()
	g := graph.NewGraph(backend, "trace")
	defer g.Finalize()
	var batch []*graph.Node
	for i, s := range inputs {
		batch = append(batch, graph.Parameter(g, fmt.Sprint("input", i), s))
	}
	m.Score(store.RootScope(), batch)
	look(g)
	return nil
}

// Kept returns how many numbers any backward pass of m over these inputs must keep of the forward pass: the input of each
// product with a weight, which the weight's gradient needs. It is a lower bound, from shapes alone, as a float64 because
// shapes may be beyond all integers.
func Kept(backend compute.Backend, m Model, inputs []shapes.Shape) (n float64, err error) {
	err = trace(backend, model.NewStore(), m, inputs, func(g *graph.Graph) {
		varies, counted := map[*graph.Node]bool{}, map[*graph.Node]bool{} // with the batch
		for _, node := range g.Nodes() {
			varies[node] = node.Type() == graph.NodeTypeParameter && strings.HasPrefix(node.GetParameterName(), "input")
			for _, in := range node.Inputs() {
				varies[node] = varies[node] || varies[in]
			}
			if node.Type() != graph.NodeTypeDotGeneral || varies[node.Inputs()[0]] == varies[node.Inputs()[1]] {
				continue
			}
			x := node.Inputs()[0]
			if !varies[x] {
				x = node.Inputs()[1]
			}
			if !counted[x] {
				counted[x] = true
				n += elements(x.Shape())
			}
		}
	})
	return n, err
}

func elements(s shapes.Shape) float64 {
	n := 1.0
	for _, d := range s.Dimensions {
		n *= float64(d)
	}
	return n
}

// Initialize creates every variable of m in store and gives those without a value their first one, which depends on the
// seed, the path and the shape alone.
func Initialize(backend compute.Backend, store *model.Store, m Model, seed uint64) error {
	if err := Trace(backend, store, m); err != nil {
		return err
	}
	return param.Fill(store, seed)
}

// Count returns the number of trainable parameters, from shapes alone.
func Count(backend compute.Backend, m Model) (int64, error) {
	store := model.NewStore()
	if err := Trace(backend, store, m); err != nil {
		return 0, err
	}
	var n int64
	for v := range store.IterVariables() {
		if v.Trainable {
			n += int64(v.Shape().Size())
		}
	}
	return n, nil
}

// Shared returns the paths of the trainable variables that both stores have, with the same shape and the same start.
func Shared(a, b *model.Store) []string {
	var paths []string
	for v := range a.IterVariables() {
		other := b.GetVariable(v.Path())
		if v.Trainable && other != nil && v.Shape().Equal(other.Shape()) && param.Of(v, a) == param.Of(other, b) {
			paths = append(paths, v.Path())
		}
	}
	slices.Sort(paths)
	return paths
}

// InitHash returns the SHA-256 of the values at paths: of each its path, its shape and its float32 bits.
func InitHash(store *model.Store, paths []string) (string, error) {
	h := sha256.New()
	for _, path := range paths {
		v := store.GetVariable(path)
		if v == nil {
			return "", fmt.Errorf("part: hash of initial values: no variable %s", path)
		}
		value, err := v.Value()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %v\n", path, v.Shape().Dimensions)
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return "", fmt.Errorf("part: hash of initial values: %s: %w", path, err)
		}
		for _, f := range flat {
			bits := math.Float32bits(f)
			h.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
