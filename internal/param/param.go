// Package param creates the parameters of layers: variables of a model.Store that know how they start.
//
// A parameter's first value depends on the seed, its path and its shape, and on nothing else: neither on the order of
// creation nor on what other parameters there are. Twins that differ in their norm therefore share every value that both
// have. Values are float32 (the master weights); the node that a layer gets has the element type that it computes in.
// The package knows no layer.
package param

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Init says how a parameter starts: at the constant Mean; with a Std, from a normal distribution, cut off at Cut standard
// deviations when Cut is not 0; with a Bound, uniformly between Mean-Bound and Mean+Bound.
type Init struct {
	Mean, Std, Cut, Bound float64
}

// Constant starts every element at v.
func Constant(v float64) Init { return Init{Mean: v} }

// Normal draws from N(0, std^2).
func Normal(std float64) Init { return Init{Std: std} }

// TruncNormal draws from N(0, std^2) until the value lies within cut standard deviations.
func TruncNormal(std, cut float64) Init { return Init{Std: std, Cut: cut} }

// Uniform draws from [-bound, bound).
func Uniform(bound float64) Init { return Init{Bound: bound} }

const initKey = "init:"

// Variable returns the variable name in scope s, of float32 and the given dimensions, and creates it at its first use.
func Variable(s *model.Scope, name string, init Init, dims ...int) *model.Variable {
	path := model.JoinPath(s.Scope(), name)
	s.SetParam(initKey+name, init)
	start := func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		return graph.Const(g, tensors.FromFlatDataAndDimensions(init.Values(0, path, shape.Size()), shape.Dimensions...))
	}
	return s.WithInitializer(start).VariableWithShape(name, shapes.Make(dtypes.Float32, dims...))
}

// Node returns the parameter's value in the graph of x, in x's element type.
func Node(s *model.Scope, name string, init Init, x *graph.Node, dims ...int) *graph.Node {
	return graph.ConvertDType(Variable(s, name, init, dims...).NodeValue(x.Graph()), x.DType())
}

// Of returns how v starts. Variables that were not made here start at 0.
func Of(v *model.Variable, store *model.Store) Init {
	value, found := store.GetParam(model.JoinPath(v.Scope(), initKey+v.Name()))
	init, ok := value.(Init)
	if !found || !ok {
		return Init{}
	}
	return init
}

// Fill gives every float32 variable of store that has none its first value.
func Fill(store *model.Store, seed uint64) error {
	for v := range store.IterVariables() {
		if v.HasValue() || v.DType() != dtypes.Float32 {
			continue
		}
		values := Of(v, store).Values(seed, v.Path(), v.Shape().Size())
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			return fmt.Errorf("param: fill %s: %w", v.Path(), err)
		}
	}
	return nil
}

// Values returns the first n values of the parameter at path.
func (i Init) Values(seed uint64, path string, n int) []float32 {
	values := make([]float32, n)
	if i.Std == 0 && i.Bound == 0 {
		for k := range values {
			values[k] = float32(i.Mean)
		}
		return values
	}
	random := stream(seed, path)
	for k := range values {
		values[k] = float32(i.Mean + i.draw(random))
	}
	return values
}

// draw returns one value of the distribution, without its mean.
func (i Init) draw(random *rand.Rand) float64 {
	if i.Bound != 0 {
		return i.Bound * (2*random.Float64() - 1)
	}
	z := random.NormFloat64()
	for i.Cut > 0 && math.Abs(z) > i.Cut {
		z = random.NormFloat64()
	}
	return i.Std * z
}

// stream returns the random numbers of one parameter: PCG seeded by the first 16 bytes of SHA-256(seed, path).
func stream(seed uint64, path string) *rand.Rand {
	h := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), path...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16])))
}
