package token

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

// Training and encoding against Hugging Face's `tokenizers`: same merges in the same order, same ids. Ours has one id
// more, the special token at the end.
func TestBPEMatchesHuggingFace(t *testing.T) {
	f := golden.Load(t, "data/tokenizer", "bpe")
	var probes []string
	var merges [][2]string
	for key, into := range map[string]any{"probes": &probes, "merges": &merges} {
		if err := json.Unmarshal([]byte(f.Meta(key)), into); err != nil {
			t.Fatal(err)
		}
	}
	corpus := f.Meta("corpus")
	tok := trained(t, 801, corpus)
	if len(tok.merges) != len(merges) || len(merges) < 300 {
		t.Errorf("%d merges, expected %d and at least 300", len(tok.merges), len(merges))
	}
	for i := range min(len(merges), len(tok.merges)) {
		got := [2]string{spell(tok.pieces[tok.merges[i].a]), spell(tok.pieces[tok.merges[i].b])}
		if got != merges[i] {
			t.Fatalf("merge %d: got %q, expected %q", i, got, merges[i])
		}
	}
	check := func(name, text string) {
		t.Helper()
		want, _ := f.I32(name)
		if got := tok.Encode(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, expected %v", text, got, want)
		}
	}
	for i, probe := range probes {
		check(fmt.Sprintf("ids.%d", i), probe)
	}
	check("ids.corpus", corpus)
}

func TestSavedTokenizerOpensAgain(t *testing.T) {
	text := golden.Load(t, "data/tokenizer", "bpe").Meta("corpus")
	for _, tok := range []Tokenizer{Bytes{}, trained(t, 500, text)} {
		dir := t.TempDir()
		if err := Save(tok, dir); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{dir, filepath.Join(dir, "tokenizer.json")} {
			again, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if again.Name() != tok.Name() || again.VocabSize() != tok.VocabSize() || again.EOS() != tok.EOS() || again.BOS() != tok.BOS() {
				t.Errorf("%s: opened as %s of %d ids, EOS %d", tok.Name(), again.Name(), again.VocabSize(), again.EOS())
			}
			if !slices.Equal(again.Encode(text), tok.Encode(text)) {
				t.Errorf("%s: other ids after opening", tok.Name())
			}
		}
		one, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Open(dir)
		if err := Save(again, dir); err != nil {
			t.Fatal(err)
		}
		if two, _ := os.ReadFile(filepath.Join(dir, "tokenizer.json")); string(one) != string(two) {
			t.Errorf("%s: opened and saved, the file differs", tok.Name())
		}
	}
	if err := Save(&Llama2c{}, t.TempDir()); err == nil {
		t.Error("a tok.bin was written as tokenizer.json")
	}
	if err := Save(Bytes{}, filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("saved into a folder that is not there")
	}
}
