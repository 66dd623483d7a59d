package token

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Llama2c is the tokenizer of llama2.c's tok.bin files, a SentencePiece BPE without its normaliser: a space is put before
// the text, each character is a token or falls back to its bytes, and neighbours are joined as long as their
// concatenation is a token, highest score first. Ids 0, 1, 2 are <unk>, BOS and EOS, 3 to 258 the bytes.
//
// The file, little endian: int32 greatest length, then for each id float32 score, int32 length and the bytes.
// Source: karpathy/llama2.c run.c, commit 350e04f (format and order of merges).
type Llama2c struct {
	pieces []string
	scores []float32
	ids    map[string]int32 // text to id, special and byte tokens left out
}

const (
	llamaBOS   = 1
	llamaEOS   = 2
	llamaByte0 = 3 // id of byte 0
	llamaText  = llamaByte0 + 256
)

func parseLlama2c(content []byte) (*Llama2c, error) {
	fault := func(at int, format string, args ...any) error {
		return fmt.Errorf("not a tok.bin of llama2.c: byte %d: %s", at, fmt.Sprintf(format, args...))
	}
	if len(content) < 4 {
		return nil, fault(0, "expected 4 bytes for the greatest length, got %d", len(content))
	}
	longest := int32(binary.LittleEndian.Uint32(content))
	t := &Llama2c{ids: map[string]int32{}}
	for at := 4; at < len(content); {
		rest := content[at:]
		if len(rest) < 8 {
			return nil, fault(at, "token %d: expected score and length, got %d bytes", len(t.pieces), len(rest))
		}
		score := math.Float32frombits(binary.LittleEndian.Uint32(rest))
		n := int32(binary.LittleEndian.Uint32(rest[4:]))
		if n < 0 || n > longest || int(n) > len(rest)-8 || score != score {
			return nil, fault(at, "token %d: score %g, length %d; expected a number, and at most %d bytes of the %d left", len(t.pieces), score, n, longest, len(rest)-8)
		}
		t.pieces = append(t.pieces, string(rest[8:8+n]))
		t.scores = append(t.scores, score)
		at += 8 + int(n)
	}
	if len(t.pieces) < llamaText {
		return nil, fault(len(content), "expected at least %d tokens (3 special ones and 256 bytes), got %d", llamaText, len(t.pieces))
	}
	for id, piece := range t.pieces {
		if b := id - llamaByte0; b >= 0 && b < 256 {
			if want := fmt.Sprintf("<0x%02X>", b); piece != want {
				return nil, fault(0, "token %d: expected %q, got %q", id, want, piece)
			}
			t.pieces[id] = string([]byte{byte(b)})
		} else if id >= llamaText && piece != "" {
			if _, twice := t.ids[piece]; !twice {
				t.ids[piece] = int32(id)
			}
		}
	}
	for id := range llamaByte0 {
		t.pieces[id] = ""
	}
	if _, ok := t.ids[" "]; !ok {
		return nil, fault(0, "expected a token for the space, which is put before each text")
	}
	return t, nil
}

func (t *Llama2c) Name() string   { return "llama2c" }
func (t *Llama2c) VocabSize() int { return len(t.pieces) }
func (t *Llama2c) BOS() int32     { return llamaBOS }
func (t *Llama2c) EOS() int32     { return llamaEOS }

func (t *Llama2c) Encode(text string) []int32 {
	if text == "" {
		return []int32{}
	}
	ids := make([]int32, 0, len(text)+1)
	ids = append(ids, t.ids[" "])
	for len(text) > 0 {
		n := 1
		for n < len(text) && n < 4 && text[n]&0xC0 == 0x80 {
			n++
		}
		if id, ok := t.ids[text[:n]]; ok {
			ids = append(ids, id)
		} else {
			for i := range n {
				ids = append(ids, llamaByte0+int32(text[i]))
			}
		}
		text = text[n:]
	}
	return merge(ids, t.join)
}

// join looks the concatenation up. A byte token is spelled <0x..> in the vocabulary and so never part of a longer one,
// although its piece is that byte.
func (t *Llama2c) join(a, b int32) (key float64, id int32, ok bool) {
	if a < llamaText || b < llamaText {
		return 0, 0, false
	}
	var buf [64]byte
	both := append(append(buf[:0], t.pieces[a]...), t.pieces[b]...)
	id, ok = t.ids[string(both)]
	if !ok || t.scores[id] <= llamaLeast {
		return 0, 0, false
	}
	return -float64(t.scores[id]), id, true
}

// llamaLeast is the score from which on run.c joins.
const llamaLeast = -1e10

func (t *Llama2c) Decode(ids []int32) (string, error) { return decode(t, ids) }

// Piece drops the space that Encode put before the text: the one at the start or after BOS.
func (t *Llama2c) Piece(prev, id int32) string {
	piece := t.pieces[id]
	if prev == llamaBOS || prev < 0 {
		piece = strings.TrimPrefix(piece, " ")
	}
	return piece
}
