package train

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dyt-go/dyt/data/token"
)

// TestModelsOfTextSayHowToGenerate: in the checkpoint and in its moving average lie the tokens that begin and end a text, the
// longest text, and the tokenizer.
func TestModelsOfTextSayHowToGenerate(t *testing.T) {
	for name, c := range map[string]struct{ classes, vocab int }{"bytes": {256, 0}, "bpe": {300, 300}} {
		r, _ := tiny(t)
		r.Data.Tokenizer, r.Data.Vocab, r.Model.Classes, r.Optim.EMA = name, c.vocab, c.classes, 0.9
		r = r.WithSteps(1)
		run := open(t, r, load(t, r.Data), t.TempDir())
		finalHash(t, run)
		at, err := ModelFolder(run.Dir())
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{at, filepath.Join(at, averageFolder)} {
			content, err := os.ReadFile(filepath.Join(dir, generationFile))
			if err != nil {
				t.Fatal(err)
			}
			tok, err := token.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(content, &got); err != nil {
				t.Fatal(err)
			}
			end := float64(tok.EOS())
			want := map[string]any{"bos_token_id": end, "eos_token_id": []any{end}, "pad_token_id": end, "max_length": 16.0}
			if !reflect.DeepEqual(got, want) || tok.Name() != name || tok.BOS() != tok.EOS() {
				t.Errorf("%s: %v, expected %v", dir, got, want)
			}
		}
	}
}
