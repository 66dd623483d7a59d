package train

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/internal/conf"
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

func TestEndsOfATextAsFoldersSay(t *testing.T) {
	for content, want := range map[string]string{
		"{}": "[] <nil>", `{"eos_token_id": null}`: "[] <nil>", `{"eos_token_id": 7}`: "[7] <nil>", `{"eos_token_id": [7, 9]}`: "[7 9] <nil>",
		`{"eos_token_id": "</s>"}`: "expected a token or a list of tokens", `{"eos_token_id": [1.5]}`: "expected a token or a list of tokens", "[": generationFile,
	} {
		dir := t.TempDir()
		if got, err := Ends(dir); got != nil || err != nil {
			t.Errorf("without the file: %v, %v", got, err)
		}
		if err := os.WriteFile(filepath.Join(dir, generationFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ends, err := Ends(dir)
		if got := fmt.Sprint(ends, " ", err); !strings.Contains(got, want) || err != nil && conf.Code(err) != conf.ExitInput {
			t.Errorf("%s: %s, expected %s", content, got, want)
		}
	}
}
