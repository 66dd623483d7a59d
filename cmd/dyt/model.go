package main

import (
	"fmt"
	"os"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/train"
)

// openTokenizer opens the named tokenizer, or the model folder's own; a vocabulary of 256 needs none.
func openTokenizer(path, from string, vocab int) (token.Tokenizer, error) {
	var tok token.Tokenizer = token.Bytes{}
	if path == "" && vocab != tok.VocabSize() {
		if info, err := os.Stat(from); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s: the model has %d tokens; name their file with --tokenizer", from, vocab)
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
		return nil, fmt.Errorf("%s: a tokenizer of %d tokens, expected %d as %s has; name another with --tokenizer", path, tok.VocabSize(), vocab, from)
	}
	return tok, nil
}

// ends are the tokens that end a text of the model of a path.
func ends(path string, tok token.Tokenizer) ([]int32, error) {
	folder, err := train.ModelFolder(path)
	if err != nil {
		return nil, err
	}
	more, err := train.Ends(folder)
	return append([]int32{tok.BOS(), tok.EOS()}, more...), err
}
