// Command embedded is a trained DyT model inside one static binary: no file, no network, no Python at run time.
//
//	CGO_ENABLED=0 go build ./examples/embedded && ./embedded -prompt "func "
//
// model/ is a checkpoint folder as training leaves it:
//
//	dyt train llama-0.1M --tokens 8M --out runs/embedded
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"log"

	_ "github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

//go:embed model/config.json
var config []byte

//go:embed model/model.safetensors
var safetensors []byte

func main() {
	prompt := flag.String("prompt", "// New returns ", "text to continue")
	n := flag.Int("tokens", 200, "bytes to add")
	flag.Parse()
	if err := generate(*prompt, *n); err != nil {
		log.Fatal(err)
	}
}

func generate(prompt string, n int) error {
	m, err := llama.FromConfigJSON(config)
	if err != nil {
		return err
	}
	file, err := weights.NewFile("model.safetensors", bytes.NewReader(safetensors), int64(len(safetensors)))
	if err != nil {
		return err
	}
	backend, err := compute.New()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	store := model.NewStore()
	if err := part.Trace(backend, store, m); err != nil { // the variables that the model has
		return err
	}
	if err := train.Load(store, file); err != nil { // and their values
		return err
	}
	text, err := sample.NewText(backend, store, m)
	if err != nil {
		return err
	}
	tokenizer := token.Bytes{}
	ids := append([]int32{tokenizer.BOS()}, tokenizer.Encode(prompt)...)
	fmt.Print(prompt)
	options := sample.Options{Temperature: 0.7, TopP: 0.95}
	err = text.Continue(context.Background(), ids, n, options, 1, nil, func(prev, id int32) error {
		fmt.Print(tokenizer.Piece(prev, id))
		return nil
	})
	fmt.Println()
	return err
}
