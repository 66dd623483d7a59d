package study

import (
	"context"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/train"
)

func TestSampleContinuesThePrompt(t *testing.T) {
	r, err := train.Find("llama-0.1M")
	if err != nil {
		t.Fatal(err)
	}
	r.Data.Source, r.Data.ValTokens = "sample", 64
	d, err := data.Load(context.Background(), r.Data)
	if err != nil {
		t.Fatal(err)
	}
	run, err := train.Open(testbackend.Get(t), r, d, "")
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	var texts []string
	for range 2 {
		s, err := Sample(context.Background(), testbackend.Get(t), run, d.Tokenizer, "func ", 12)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(s.Text, "func ") || len(s.Text) < 10 || !strings.HasPrefix(s.Title, `DyT continues "func "`) {
			t.Errorf("sample %q under %q", s.Text, s.Title)
		}
		texts = append(texts, s.Text)
	}
	if texts[0] != texts[1] {
		t.Errorf("one seed drew %q and %q", texts[0], texts[1])
	}
}

func TestReadableLeavesNoControlCharacter(t *testing.T) {
	if got, want := readable("a\x1b[2J\xff\tü\nb\x00\u009b"), "a·[2J·\tü\nb··"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}
