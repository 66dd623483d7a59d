package data

import (
	"context"
	"path/filepath"

	"github.com/dyt-go/dyt/data/token"
)

// loadText reads the corpus, makes or opens the tokenizer, and encodes both parts.
func (d *Dataset) loadText(ctx context.Context) (err error) {
	c := d.Config
	switch {
	case c.Source == "goroot":
		d.Corpus, err = GoSource(ctx, c.Path, c.Val)
	case c.Source == "sample":
		d.Corpus, err = GoSample(c.Val)
	case c.Source == "tinyshakespeare":
		d.Corpus, err = tinyShakespeare(c.Path, c.Val)
	case c.Source == "file" && c.ValPath != "":
		d.Corpus, err = TextPair(c.Path, c.ValPath)
	case c.Source == "file":
		d.Corpus, err = TextFile(c.Path, c.Val)
	case c.ValPath != "":
		d.Corpus, err = TextFolders(c.Path, c.ValPath, c.Extensions)
	default:
		d.Corpus, err = TextFolder(c.Path, c.Extensions, c.Val)
	}
	if err != nil {
		return err
	}
	if d.Tokenizer, err = tokenizerFor(c, d.Corpus.Train); err != nil {
		return err
	}
	if d.Text.Train, err = NewStream(d.Corpus.From+", training part", d.Corpus.Train, d.Tokenizer); err != nil {
		return err
	}
	d.Text.Valid, err = NewStream(d.Corpus.From+", validation part", d.Corpus.Valid, d.Tokenizer)
	return err
}

// tokenizerFor makes the tokenizer of a configuration; a bpe is learned from the training part alone.
func tokenizerFor(c Config, train []Document) (token.Tokenizer, error) {
	switch c.Tokenizer {
	case "", "bytes":
		return token.Bytes{}, nil
	case "bpe":
		vocab := c.Vocab
		if vocab == 0 {
			vocab = 4096
		}
		return token.Train(func(yield func(string) bool) {
			for _, d := range train {
				if !yield(d.Text) {
					return
				}
			}
		}, vocab)
	}
	return token.Open(c.Tokenizer)
}

func tinyShakespeare(dir string, valid float64) (*Corpus, error) {
	set, err := SetByName("tinyshakespeare")
	if err != nil {
		return nil, err
	}
	if dir, err = set.Find(dir); err != nil {
		return nil, err
	}
	return TextFile(filepath.Join(dir, set.Files()[0].Name), valid)
}
