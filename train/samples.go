package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/weights"
)

// drawing is how samples are drawn: free enough to be a text, strict enough to be readable.
var drawing = sample.Options{Temperature: 0.8, TopP: 0.95}

// Sample lets the network continue the data's prompt by up to n tokens, to the end of its document, and leaves the text in the
// run folder as samples/step-001000.txt. One seed draws one text.
func (r *Run) Sample(ctx context.Context, n int) (report.Sample, error) {
	if r.text == nil {
		text, err := sample.NewText(r.backend, r.store, r.Model)
		if err != nil {
			return report.Sample{}, err
		}
		r.text = text
	}
	tok, prompt := r.data.Tokenizer, r.data.Prompt()
	said := strings.Builder{}
	said.WriteString(prompt)
	ids := append([]int32{tok.BOS()}, tok.Encode(prompt)...)
	err := r.text.Continue(ctx, ids, n, drawing, r.Recipe.Train.Seed, []int32{tok.BOS(), tok.EOS()}, func(prev, id int32) error {
		said.WriteString(tok.Piece(prev, id))
		return nil
	})
	if err != nil {
		return report.Sample{}, fmt.Errorf("train: sample: %w", err)
	}
	s := report.Sample{Text: readable(said.String())}
	s.Title = fmt.Sprintf("%s continues %q after update %d: temperature %g, top-p %g, seed %d", r.Recipe.Title(), prompt, r.step, drawing.Temperature, drawing.TopP, r.Recipe.Train.Seed)
	return s, r.writeSample(s)
}

func (r *Run) writeSample(s report.Sample) error {
	if r.dir == "" {
		return nil
	}
	dir := filepath.Join(r.dir, "samples")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("train: samples: %w", err)
	}
	return weights.AtomicFile(filepath.Join(dir, stepName(r.step)+".txt"), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n\n%s\n", s.Title, s.Text)
		return err
	})
}

// samplePaths returns the samples of a run folder, oldest first.
func samplePaths(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "samples", stepPrefix+"*.txt"))
	slices.SortFunc(paths, byStep)
	return paths, err
}

// dropSamples removes the samples of steps that the run has before it.
func (r *Run) dropSamples() error {
	paths, err := samplePaths(r.dir)
	present := filepath.Join(r.dir, "samples", stepName(r.step)+".txt")
	for _, path := range paths {
		if byStep(path, present) > 0 {
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		return fmt.Errorf("train: samples: %w", err)
	}
	return nil
}

// readSample returns the newest sample of a run folder, an empty one where there is none.
func readSample(dir string) (report.Sample, error) {
	paths, err := samplePaths(dir)
	if err != nil || len(paths) == 0 {
		return report.Sample{}, err
	}
	content, err := os.ReadFile(paths[len(paths)-1])
	if err != nil {
		return report.Sample{}, fmt.Errorf("train: samples: %w", err)
	}
	title, text, _ := strings.Cut(string(content), "\n\n")
	return report.Sample{Title: title, Text: strings.TrimSuffix(text, "\n")}, nil
}

// readable replaces what no terminal should be sent: invalid UTF-8 and control characters other than newline and tab.
func readable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(text, "·"))
}
