// Package token turns text into token ids and back.
//
// There are three tokenizers: Bytes (256 ids, nothing to learn), BPE (byte-level, trained here, kept as a Hugging Face
// tokenizer.json) and Llama2c (the tok.bin files of llama2.c). All three give back every text byte for byte, valid UTF-8
// or not. The package is not a reader for every tokenizer.json there is: it takes the byte-level BPE of GPT-2's kind and
// refuses the rest by name. Read this file first, then bpe.go.
package token

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Tokenizer maps text to ids in [0, VocabSize) and back. Implementations are safe for concurrent use.
type Tokenizer interface {
	// Name is "bytes", "bpe" or "llama2c".
	Name() string

	// VocabSize is the number of ids, special ones included.
	VocabSize() int

	// Encode returns the ids of a whole text, without BOS and EOS. Text that spells a special token is text.
	Encode(text string) []int32

	// Decode returns the text of a whole sequence; Decode(Encode(text)) == text for every string. BOS and EOS stand
	// for no text (for Bytes, whose BOS and EOS are the byte 0, they stand for that byte).
	// An id outside the vocabulary is an error that names it.
	Decode(ids []int32) (string, error)

	// Piece returns what id adds to a text that so far ends in prev (-1 at the very start): Decode(ids) is the
	// concatenation of the pieces, so a generator can print token by token. A piece may be a part of a UTF-8
	// character. Panics if id is outside the vocabulary.
	Piece(prev, id int32) string

	// BOS is the id to start a text with when nothing is given.
	BOS() int32

	// EOS is the id that ends a document; it may be the same as BOS.
	EOS() int32
}

// Open reads a tokenizer from a file: tokenizer.json of Hugging Face's kind, or llama2.c's tok.bin. A folder stands for
// the tokenizer.json in it.
func Open(path string) (Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("token: open: %w; expected a tokenizer.json, a folder with one, or a tok.bin of llama2.c", err)
	}
	if info.IsDir() {
		path = filepath.Join(path, "tokenizer.json")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("token: open: %w", err)
	}
	var t Tokenizer
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		t, err = parseHuggingFace(content)
	} else {
		t, err = parseLlama2c(content)
	}
	if err != nil {
		return nil, fmt.Errorf("token: open %s: %w", path, err)
	}
	return t, nil
}

// decode is Decode by way of Piece.
func decode(t Tokenizer, ids []int32) (string, error) {
	var b bytes.Buffer
	prev := int32(-1)
	for i, id := range ids {
		if id < 0 || int(id) >= t.VocabSize() {
			return "", fmt.Errorf("token: %s: decode: id %d at position %d is outside the vocabulary of %d; was the text made with another tokenizer?", t.Name(), id, i, t.VocabSize())
		}
		b.WriteString(t.Piece(prev, id))
		prev = id
	}
	return b.String(), nil
}
