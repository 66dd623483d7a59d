// Command layer puts DyT into a GoMLX model of your own: a residual network that reads sixteen bytes of Go source and
// guesses the next one. Change -norm to see the same network with another layer.
//
//	go run ./examples/layer -norm dyt
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"

	_ "github.com/dyt-go/dyt/cpu" // the engine: compute.New opens it
	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

const (
	context16 = 16 // T, bytes that the network reads
	width     = 64 // D
	batch     = 64 // B
)

func main() {
	kind := flag.String("norm", "dyt", "dyt, derf, layernorm, rmsnorm, ...")
	steps := flag.Int("steps", 300, "updates")
	flag.Parse()
	spec := norm.Default(norm.Kind(*kind)).At(norm.FFN)
	if err := spec.Check(); err != nil {
		log.Fatal(err)
	}

	// A model is a function of a scope and its inputs; the norm is one line in it.
	network := func(s *model.Scope, tokens *Node) *Node {
		x := layers.Embedding(s.In("bytes"), tokens, dtypes.Float32, 256, width) // [B, T, D]
		x = Reshape(x, batch, context16*width)                                   // [B, T*D]
		x = layers.Dense(s.In("mix"), x, true, width)                            // [B, D]
		for i := range 2 {
			block := s.In("block%d", i)
			h := spec.Apply(block.In("norm"), x) // [B, D]
			h = activation.Gelu(layers.Dense(block.In("up"), h, true, 4*width))
			x = Add(x, layers.Dense(block.In("down"), h, true, width)) // [B, D]
		}
		return layers.Dense(s.In("head"), spec.Apply(s.In("norm"), x), true, 256) // [B, 256]
	}

	text, err := data.Open(context.Background(), data.Config{Source: "sample", Context: context16}, data.Train, batch, 1)
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.NewTrainer(compute.MustNew(), model.NewStore(), network, loss.SparseCategoricalCrossEntropyLogits, optimizer.Adam().LearningRate(3e-3).Done(), nil, nil)
	for step := 1; step <= *steps; step++ {
		b, err := text.Next() // tokens and next tokens, both [B, T]
		if err != nil {
			log.Fatal(err)
		}
		tokens, next := b.Inputs[0].I32, make([]int32, batch)
		for i := range next {
			next[i] = b.Inputs[1].I32[(i+1)*context16-1]
		}
		metrics, err := trainer.TrainStep(train.Batch{
			Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(tokens, batch, context16)},
			Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(next, batch, 1)},
		})
		if err != nil {
			log.Fatal(err)
		}
		if step == 1 || step%50 == 0 {
			fmt.Printf("%s step %4d  %.3f bits per byte\n", *kind, step, float64(tensors.ToScalar[float32](metrics[1]))/math.Ln2)
		}
	}
}
