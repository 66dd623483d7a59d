package token

import (
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

// llama.cpp keeps vocabularies with 47 awkward strings each and the ids that the original tokenizers give them. Two of
// the vocabularies are of our kinds, GPT-2's byte-level BPE and LLaMA's SentencePiece BPE, so they judge our encoders.

func TestBPEMatchesGPT2(t *testing.T) {
	fields := readGGUF(t, sampledata.Path(t, "vectors-llamacpp-tokenizers/ggml-vocab-gpt-2.gguf"))
	spelled := fields["tokenizer.ggml.tokens"].([]string)
	end := int32(slices.Index(spelled, EndOfText))
	ids := map[string]int32{}
	pieces := make([]string, len(spelled))
	for id, s := range spelled {
		ids[s] = int32(id)
		if int32(id) != end {
			var err error
			if pieces[id], err = unspell(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	var merges []pair
	for _, line := range fields["tokenizer.ggml.merges"].([]string) {
		a, b, _ := strings.Cut(line, " ")
		merges = append(merges, pair{ids[a], ids[b]})
	}
	tok, err := newBPE(pieces, merges, end)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, tok, "gpt-2")
}

func TestLlama2cMatchesSentencePiece(t *testing.T) {
	fields := readGGUF(t, sampledata.Path(t, "vectors-llamacpp-tokenizers/ggml-vocab-llama-spm.gguf"))
	scores := fields["tokenizer.ggml.scores"].([]float32)
	file := binary.LittleEndian.AppendUint32(nil, 64)
	for id, s := range fields["tokenizer.ggml.tokens"].([]string) {
		s = strings.ReplaceAll(s, "\u2581", " ")
		file = binary.LittleEndian.AppendUint32(file, math.Float32bits(scores[id]))
		file = binary.LittleEndian.AppendUint32(file, uint32(len(s)))
		file = append(file, s...)
	}
	tok, err := parseLlama2c(file)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, tok, "llama-spm")
}

func checkVectors(t *testing.T, tok Tokenizer, name string) {
	t.Helper()
	read := func(ending string) string {
		text, err := os.ReadFile(sampledata.Path(t, "vectors-llamacpp-tokenizers/ggml-vocab-"+name+".gguf"+ending))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	texts := strings.Split(read(".inp"), "\n__ggml_vocab_test__\n")
	lines := strings.Split(read(".out"), "\n")
	if len(lines) < 47 || len(texts) < 47 {
		t.Fatalf("expected 47 strings, got %d and %d", len(texts), len(lines))
	}
	for i := range 47 {
		var want []int32
		for _, field := range strings.Fields(lines[i]) {
			id, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, int32(id))
		}
		if got := tok.Encode(texts[i]); !slices.Equal(got, want) {
			t.Errorf("%s: %q: got %v, expected %v", name, texts[i], got, want)
		}
		roundTrip(t, tok, texts[i])
	}
}

// readGGUF returns the string and float32 arrays among the metadata of a GGUF version 3 file.
func readGGUF(t *testing.T, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	u32 := func() uint32 { v := binary.LittleEndian.Uint32(b); b = b[4:]; return v }
	u64 := func() uint64 { v := binary.LittleEndian.Uint64(b); b = b[8:]; return v }
	str := func() string { n := u64(); s := string(b[:n]); b = b[n:]; return s }
	const stringKind, arrayKind, float32Kind = 8, 9, 6
	sizes := map[uint32]int{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
	if string(b[:4]) != "GGUF" {
		t.Fatalf("%s: not a GGUF file", path)
	}
	b = b[4+4+8:] // magic, version, number of tensors
	fields := map[string]any{}
	for range u64() {
		key, kind := str(), u32()
		switch kind {
		case stringKind:
			str()
		case arrayKind:
			of, n := u32(), u64()
			switch of {
			case stringKind:
				list := make([]string, n)
				for i := range list {
					list[i] = str()
				}
				fields[key] = list
			case float32Kind:
				list := make([]float32, n)
				for i := range list {
					list[i] = math.Float32frombits(u32())
				}
				fields[key] = list
			default:
				b = b[int(n)*sizes[of]:]
			}
		default:
			b = b[sizes[kind]:]
		}
	}
	return fields
}
