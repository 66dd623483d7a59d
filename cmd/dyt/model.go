package main

import (
	"fmt"
	"io"
	"os"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
)

// openedWeights is a checkpoint that must be closed.
type openedWeights interface {
	train.Checkpoint
	io.Closer
}

// openModel opens a model folder or a llama2.c file. No weight is read yet.
func openModel(path string) (part.Model, openedWeights, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.IsDir() {
		f, config, err := weights.OpenLlama2C(path)
		if err != nil {
			return nil, nil, err
		}
		m, err := llama.FromLlama2C(config)
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		return m, f, nil
	}
	f, err := weights.OpenFolder(path)
	if err != nil {
		return nil, nil, err
	}
	m, err := zoo.FromConfigJSON(f.Config)
	if err != nil {
		f.Close()
		return nil, nil, conf.WithCode(fmt.Errorf("%s: %w", path, err), conf.ExitUnsupported)
	}
	return m, f, nil
}

// openTokenizer opens the named tokenizer, or the model folder's own; a vocabulary of 256 needs none.
func openTokenizer(path, from string, vocab int) (token.Tokenizer, error) {
	var tok token.Tokenizer = token.Bytes{}
	if path == "" && vocab != tok.VocabSize() {
		if info, err := os.Stat(from); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("the model has %d tokens; name their file with --tokenizer", vocab)
		}
		path = from
	}
	if path != "" {
		opened, err := token.Open(path)
		if err != nil {
			return nil, err
		}
		tok = opened
	}
	if tok.VocabSize() != vocab {
		return nil, fmt.Errorf("tokenizer of %d tokens, expected %d as the model has; name another with --tokenizer", tok.VocabSize(), vocab)
	}
	return tok, nil
}
