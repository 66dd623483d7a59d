// Package part holds what the architectures of the zoo share, and only that: dense layers, attention, taps, losses, and
// the Model interface that training works against. Read this file first.
package part

import (
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Model is one configured network of the zoo: the graph code of an architecture with every size fixed. It holds no
// weights; those are variables in a model.Store, named as the checkpoint names them.
type Model interface {
	Arch() string    // the folder under zoo/: "llama"
	Variant() string // the row of its table: "7B"
	Classes() int    // what the logits choose among: the vocabulary, or the classes of images

	// Forward returns the logits: [B, T, vocab] of tokens [B, T], or [B, classes] of images [B, C, H, W].
	Forward(s *model.Scope, x *graph.Node) *graph.Node

	// Loss is the training objective of a batch (data.Batch's Inputs in order): a float32 scalar, the mean over what the
	// batch predicts. Training-only behaviour (drop path, dropout) follows s.IsTraining.
	Loss(s *model.Scope, batch []*graph.Node) *graph.Node

	// Score is the evaluation of a batch as sums, so that batches of unequal size add up exactly: the summed negative
	// log-likelihood in nats, the number of correct top-1 predictions, and the number of predictions, all float32.
	Score(s *model.Scope, batch []*graph.Node) (nll, correct, count *graph.Node)

	// Sites lists the norm sites in the order in which an input meets them.
	Sites() []Site

	// Inputs returns the shapes of a batch of size b, as Score takes it: tokens and next tokens, or images and labels.
	Inputs(b int) []shapes.Shape

	// Extras lists what the norm of this model brings along beside the norm layers themselves, one phrase each.
	Extras() []string

	// ConfigJSON is the content of config.json, in transformers' or timm's words, with a "norm" object when the network
	// is not the stock one.
	ConfigJSON() map[string]any
}

// Site is one place where a norm stands.
type Site struct {
	ID   string // the checkpoint path without the parameter name: "model.layers.3.input_layernorm"
	Role norm.Role
	Spec norm.Spec
}
