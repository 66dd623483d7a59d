package data

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/dyt-go/dyt/data/augment"
	"github.com/dyt-go/dyt/data/token"
)

// Dataset is what a Config stands for, read into memory (images of folders are listed): make one with Load and take as
// many sources from it as there are runs. It does not change, so runs may share it.
type Dataset struct {
	Config Config

	// Of text.
	Corpus    *Corpus
	Tokenizer token.Tokenizer
	Text      struct{ Train, Valid *Stream }

	// Of images.
	Images struct{ Train, Valid Images }
	pipes  struct {
		train augment.Train
		valid augment.Eval
		mix   augment.Mix
	}
}

// Split is the part of the data that a source gives.
type Split string

const (
	Train      Split = "train"      // endless, in random order
	Validation Split = "validation" // one pass, always the same
)

// Pass is a source of the validation part: it ends with io.EOF and can be begun anew.
type Pass interface {
	Source
	Rewind()
}

// Open is Load and one source of it, for those who want no more. ctx bounds the time that asking the go command takes.
func Open(ctx context.Context, c Config, split Split, batch int, seed uint64) (Source, error) {
	d, err := Load(ctx, c)
	if err != nil {
		return nil, err
	}
	if split == Validation {
		return d.Validation(batch)
	}
	return d.Train(batch, seed)
}

// Close ends the goroutines of a source, if it has any.
func Close(s Source) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Load reads the data of a configuration. A public set that is not there is a *Missing.
func Load(ctx context.Context, c Config) (*Dataset, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	d := &Dataset{Config: c}
	var err error
	if c.IsImages() {
		err = d.loadImages()
	} else {
		err = d.loadText(ctx)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Train returns the endless source of training batches. Images come from goroutines: Close the source.
func (d *Dataset) Train(batch int, seed uint64) (Source, error) {
	if d.Config.IsText() {
		return NewTextTrain(d.Text.Train, batch, d.Config.Context, seed)
	}
	return NewImageTrain(d.Images.Train, d.pipes.train, d.pipes.mix, batch, seed, d.workers())
}

// Validation returns the fixed pass over the validation part: a *TextValid, which knows its bytes, or an *ImageSource.
func (d *Dataset) Validation(batch int) (Pass, error) {
	if d.Config.IsText() {
		return NewTextValid(d.Text.Valid, batch, d.Config.Context, d.Config.ValTokens)
	}
	return NewImageValid(d.Images.Valid, d.pipes.valid, batch, d.workers())
}

func (d *Dataset) workers() int {
	if d.Config.Workers > 0 {
		return d.Config.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Classes returns the size of what a model predicts: the vocabulary, or the classes of images.
func (d *Dataset) Classes() int {
	if d.Config.IsText() {
		return d.Tokenizer.VocabSize()
	}
	return len(d.Images.Train.Classes())
}

// Shape returns [C, H, W] of the images that the sources give; zeros for text.
func (d *Dataset) Shape() [3]int {
	if d.Config.IsText() {
		return [3]int{}
	}
	return d.pipes.valid.Shape()
}

// Len returns how many tokens, or images, an epoch of training has.
func (d *Dataset) Len() int {
	if d.Config.IsText() {
		return d.Text.Train.Tokens()
	}
	return d.Images.Train.Len()
}

// ID is the fingerprint of both parts, 64 hexadecimal digits: what a run writes down as the identity of its data.
func (d *Dataset) ID() string {
	if d.Config.IsText() {
		return d.Corpus.Summary().SHA256
	}
	return fingerprint("%s %s", d.Images.Train.ID(), d.Images.Valid.ID())
}

// Prompt is what a sample of text continues: the beginning of a function of Go, nothing of other texts.
func (d *Dataset) Prompt() string {
	if d.Corpus.Name == "gosource" {
		return "func "
	}
	return ""
}

// String says in a line what was read.
func (d *Dataset) String() string {
	if !d.Config.IsText() {
		return fmt.Sprintf("images: %s, %d to learn from and %d for validation, %d classes", d.Config.Source, d.Images.Train.Len(), d.Images.Valid.Len(), d.Classes())
	}
	c := d.Corpus
	files, size := d.read()
	line := fmt.Sprintf("text: %s, %s, %d bytes", strings.TrimSpace(c.From+" "+c.Version), files, size)
	for _, more := range []string{c.Licence, c.Note} {
		if more != "" {
			line += ", " + more
		}
	}
	return line
}

// read says how many files and bytes of text were read: what both parts come from counts once.
func (d *Dataset) read() (files string, size int64) {
	all := d.Corpus.Summary()
	switch c := d.Corpus; {
	case d.Config.ValPath != "" && d.Config.ValPath == d.Config.Path: // all of it is judged
		all = Summarise(c.Valid)
	case d.Config.ValPath == "" && c.Train[len(c.Train)-1].Name == c.Valid[0].Name: // one file, cut in two
		all.Documents--
	}
	if all.Documents == 1 {
		return "1 file", all.Bytes
	}
	return fmt.Sprintf("%d files", all.Documents), all.Bytes
}

// Baselines counts the baselines of text, on at most limit bytes of the training part (0: all); images have none.
func (d *Dataset) Baselines(limit int64) (Baselines, error) {
	if !d.Config.IsText() {
		return Baselines{}, fmt.Errorf("data: baselines: source %s is not text", d.Config.Source)
	}
	return NewBaselines(d.Corpus.Train, d.Corpus.Valid, limit)
}
