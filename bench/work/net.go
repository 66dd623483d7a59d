package work

import (
	"fmt"
	"math/rand/v2"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/weights"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// net is a network with its loss and its way to learn.
type net struct {
	input  shapes.Shape
	draw   func(random *rand.Rand) weights.Tensor  // the tensor "input"
	body   func(s *model.Scope, input *Node) *Node // the forward pass
	loss   func(s *model.Scope, input *Node) *Node
	lr     float64
	update optim.Config // AdamW; without a name, plain SGD
}

func open(name string, kind norm.Kind) (*net, error) {
	switch name {
	case "vit-train", "vit-forward":
		return encoder(kind)
	case "llama-train":
		return decoder(kind)
	}
	return nil, fmt.Errorf("work: no workload %q, expected one of %v", name, Names)
}

// normOf is the norm of the benchmark's networks: parameters as the kind has by default (DyT with beta), eps as PyTorch's.
func normOf(kind norm.Kind) norm.Config {
	c := norm.Default(kind)
	if kind == norm.LayerNorm {
		c.Eps = 1e-5
	}
	return c
}

// make draws weights, and moves vectors away from 0 and 1, so that a lost gamma or beta shows.
func (n *net) make(backend compute.Backend, random *rand.Rand) ([]weights.Tensor, error) {
	store := model.NewStore()
	g := NewGraph(backend, "trace")
	defer g.Finalize()
	n.loss(store.RootScope(), Parameter(g, "input", n.input))
	if err := param.Fill(store, 1); err != nil {
		return nil, err
	}
	file := []weights.Tensor{n.draw(random)}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, err
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, err
		}
		if v.Shape().Rank() == 1 {
			for i := range flat {
				flat[i] += float32(0.1 * random.NormFloat64())
			}
		}
		file = append(file, weights.FromFloat32s(optim.Name(v), v.Shape().Dimensions, flat))
	}
	return file, nil
}

func (n *net) loadForward(backend compute.Backend, store *model.Store, input *tensors.Tensor) (*Loaded, error) {
	forward, err := model.NewExec(backend, store, n.body)
	if err != nil {
		return nil, err
	}
	loss, err := valueOf(backend, store, n.loss, input)
	return &Loaded{
		Call:   func() error { return callOnce(forward, input) },
		Values: map[string]float64{"loss": loss},
	}, err
}

// loadTraining returns a training step. Its first two losses and the norm of its gradients are values.
func (n *net) loadTraining(backend compute.Backend, store *model.Store, input *tensors.Tensor) (*Loaded, error) {
	l := &Loaded{Values: map[string]float64{}}
	var err error
	if l.Values["grad_norm"], err = valueOf(backend, store, func(s *model.Scope, x *Node) *Node {
		var squares *Node
		for _, p := range n.update.Gradients(store, n.loss(s, x)) {
			if sum := ReduceAllSum(Square(p.Grad)); squares == nil {
				squares = sum
			} else {
				squares = Add(squares, sum)
			}
		}
		return Sqrt(squares)
	}, input); err != nil {
		return nil, err
	}
	step, err := n.step(backend, store)
	if err != nil {
		return nil, err
	}
	done := 0
	run := func() ([]*tensors.Tensor, error) {
		done++
		return step.Call(n.update.Tensor(optim.Controls{LR: n.lr, Decay: n.update.Decay, Step: done}), input)
	}
	for _, name := range []string{"loss", "loss2"} {
		out, err := run()
		if err != nil {
			return nil, err
		}
		l.Values[name] = float64(tensors.ToScalar[float32](out[0]))
	}
	l.Call = func() error {
		out, err := run()
		if err != nil {
			return err
		}
		return finalize(out)
	}
	return l, nil
}

// step compiles forward, backward and update; it returns the loss.
func (n *net) step(backend compute.Backend, store *model.Store) (*model.Exec, error) {
	if n.update.Name == "" {
		return model.NewExec(backend, store, func(s *model.Scope, in []*Node) []*Node {
			loss := n.loss(s, in[1])
			for _, p := range n.update.Gradients(store, loss) {
				p.Var.SetNodeValue(Sub(p.Var.NodeValue(p.Grad), MulScalar(p.Grad, n.lr)))
			}
			return []*Node{loss}
		})
	}
	if err := n.update.Prepare(store, false); err != nil {
		return nil, err
	}
	return model.NewExec(backend, store, func(s *model.Scope, in []*Node) []*Node {
		loss := n.loss(s, in[1])
		n.update.Apply(store, n.update.Gradients(store, loss), loss, in[0])
		return []*Node{loss}
	})
}

// valueOf computes one float32 of the loaded weights.
func valueOf(backend compute.Backend, store *model.Store, f func(s *model.Scope, x *Node) *Node, input *tensors.Tensor) (float64, error) {
	exec, err := model.NewExec(backend, store, f)
	if err != nil {
		return 0, err
	}
	defer exec.Finalize()
	out, err := exec.Call(input)
	if err != nil {
		return 0, err
	}
	return float64(tensors.ToScalar[float32](out[0])), nil
}

func callOnce(exec *model.Exec, args ...any) error {
	out, err := exec.Call(args...)
	if err != nil {
		return err
	}
	return finalize(out)
}
