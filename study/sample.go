package study

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
)

// drawing is how samples are drawn: free enough to be a text, strict enough to be readable.
var drawing = sample.Options{Temperature: 0.8, TopP: 0.95}

// Sample lets the network of a run continue a prompt by up to n tokens, to the end of its document.
func Sample(ctx context.Context, backend compute.Backend, r *train.Run, tok token.Tokenizer, prompt string, n int) (report.Sample, error) {
	text, err := sample.NewText(backend, r.Store(), r.Model)
	if err != nil {
		return report.Sample{}, err
	}
	said := strings.Builder{}
	said.WriteString(prompt)
	ids := append([]int32{tok.BOS()}, tok.Encode(prompt)...)
	err = text.Continue(ctx, ids, n, drawing, r.Recipe.Train.Seed, []int32{tok.BOS(), tok.EOS()}, func(prev, id int32) error {
		said.WriteString(tok.Piece(prev, id))
		return nil
	})
	if err != nil {
		return report.Sample{}, fmt.Errorf("study: sample: %w", err)
	}
	title := fmt.Sprintf("%s continues %q: temperature %g, top-p %g, seed %d", train.Title(r.Recipe.Norm.Kind), prompt, drawing.Temperature, drawing.TopP, r.Recipe.Train.Seed)
	return report.Sample{Title: title, Text: readable(said.String())}, nil
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
