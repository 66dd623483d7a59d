package token

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

func trained(t testing.TB, vocab int, texts ...string) *BPE {
	t.Helper()
	tok, err := Train(slices.Values(texts), vocab)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestEveryTextComesBack(t *testing.T) {
	llama := tok512(t)
	toks := []Tokenizer{Bytes{}, trained(t, 400, strings.Join(awkward, "\n"), strings.Repeat("the cat sat on the mat. ", 9)), llama}
	for _, tok := range toks {
		for _, text := range awkward {
			roundTrip(t, tok, text)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			text := make([]byte, r.IntN(200))
			for i := range text {
				text[i] = "ab \n'\xc3\xa9\xff\xf0\x9f\x98\x80"[r.IntN(12)]
			}
			roundTrip(t, tok, string(text))
		}
	}
}

func TestDecodeRefusesForeignIDs(t *testing.T) {
	bpe := trained(t, 300, "abab abab")
	for _, tok := range []Tokenizer{Bytes{}, bpe} {
		for _, id := range []int32{-1, int32(tok.VocabSize())} {
			if _, err := tok.Decode([]int32{65, id}); err == nil || !strings.Contains(err.Error(), "at position 1 is outside the vocabulary") {
				t.Errorf("%s: id %d: %v", tok.Name(), id, err)
			}
		}
	}
}

func TestOpenNamesWhatItExpected(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, content, want string }{
		{"absent.json", "", "expected a tokenizer.json, a folder with one, or a tok.bin"},
		{"empty.bin", "", "expected 4 bytes"},
		{"short.bin", "\x05\x00\x00\x00abc", "expected score and length, got 3"},
		{"long.bin", "\x05\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00abcdefghi", "length 9; expected a number, and at most 5"},
		{"negative.bin", "\x05\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff", "length -1"},
		{"few.bin", "\x05\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a", "at least 259 tokens"},
		{"broken.json", "{", "not a tokenizer.json"},
		{"spm.json", `{"model":{"type":"Unigram"}}`, `model type "Unigram"`},
		{"nopre.json", `{"model":{"type":"BPE"}}`, "pre_tokenizer is not ByteLevel"},
		{"norm.json", `{"normalizer":{"type":"NFC"},"model":{"type":"BPE"}}`, `normalizer "NFC"`},
		{"novocab.json", level + `"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`, "no special token"},
		{"nobyte.json", level + `"added_tokens":[{"id":1,"content":"<|endoftext|>","special":true}],"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`, "none for byte 0x00"},
		{"twice.json", level + `"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}`, "used twice"},
		{"merge.json", level + `"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}`, "expected two tokens"},
		{"merge2.json", level + `"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}`, "not both are in the vocabulary"},
		{"other.json", level + `"added_tokens":[{"id":1,"content":"<s>","special":true}],"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`, `added token "<s>"`},
	} {
		path := filepath.Join(dir, c.name)
		if c.name != "absent.json" {
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: got %v, expected an error with %q and the path", c.name, err, c.want)
		}
	}
}

const level = `{"pre_tokenizer":{"type":"ByteLevel"},"decoder":{"type":"ByteLevel"},`

func tok512(t *testing.T) Tokenizer {
	t.Helper()
	tok, err := Open(sampledata.Path(t, "model-stories260k/tok512.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The ids are those that llama2.c's own model generated for this text (the sample data's notes list the first 20).
func TestTok512ReadsTheStory(t *testing.T) {
	tok := tok512(t)
	story, err := os.ReadFile(sampledata.Path(t, "model-stories260k/expected_greedy_200.txt"))
	if err != nil {
		t.Fatal(err)
	}
	first := []int32{1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267}
	text, err := tok.Decode(first)
	if err != nil || !strings.HasPrefix(string(story), text) || len(text) < 30 {
		t.Errorf("the first 20 ids read %q (%v), expected the start of %q", text, err, story)
	}
	ids := append([]int32{tok.BOS()}, tok.Encode(string(story))...)
	if !slices.Equal(ids[:len(first)], first) {
		t.Errorf("the story is encoded as %v..., expected %v", ids[:len(first)], first)
	}
	if tok.VocabSize() != 512 || tok.EOS() != 2 {
		t.Errorf("vocabulary %d, EOS %d", tok.VocabSize(), tok.EOS())
	}
	if len(tok.Encode("")) != 0 {
		t.Errorf("the empty text has ids %v", tok.Encode(""))
	}
	if got := tok.Piece(1, 403) + tok.Piece(403, 407); got != text[:len(got)] {
		t.Errorf("pieces after BOS: %q", got)
	}
}
