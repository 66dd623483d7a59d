package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/dyt-go/dyt/data/token"
)

// Stream is a sequence of documents as tokens, ready to be cut into windows:
//
//	EOS, document 1, EOS, document 2, EOS, ...
//
// or, for a tokenizer whose BOS is another id than its EOS: BOS, document 1, EOS, BOS, document 2, EOS, ... Windows run
// over the borders of documents; nothing is masked there.
//
// Bits per byte count what the tokens stand for: a token its bytes of text, EOS one byte (the end of a document is
// something to predict, and the tokenizer Bytes writes it as one), a separate BOS none. So every tokenizer has the same
// bytes to predict: the text and one more for each document. The very first token is never predicted.
//
// The token after a BOS may stand for a byte less (the space that Llama2c puts before a text).
type Stream struct {
	name   string
	tokens []int32
	size   []int32 // bytes of each id
	first  []int32 // bytes of each id after BOS
	bos    int32
	bytes  int64
	id     string
}

// NewStream encodes documents. The name, for error messages, says where they come from.
func NewStream(name string, docs []Document, tok token.Tokenizer) (*Stream, error) {
	if len(docs) == 0 {
		return nil, fmt.Errorf("data: text: %s: no documents; expected at least one", name)
	}
	s := &Stream{name: name, bos: tok.BOS()}
	bos, eos := tok.BOS(), tok.EOS()
	if bos == eos {
		s.tokens = append(s.tokens, eos)
	}
	for _, d := range docs {
		if bos != eos {
			s.tokens = append(s.tokens, bos)
		}
		s.tokens = append(s.tokens, tok.Encode(d.Text)...)
		s.tokens = append(s.tokens, eos)
	}
	for id := range int32(tok.VocabSize()) {
		s.size = append(s.size, int32(len(tok.Piece(eos, id))))
		s.first = append(s.first, int32(len(tok.Piece(bos, id))))
	}
	if bos != eos {
		s.size[bos], s.first[bos] = 0, 0
	}
	s.size[eos], s.first[eos] = 1, 1
	s.bytes = s.bytesOf(1, len(s.tokens))

	h := sha256.New()
	buf := make([]byte, 0, 1<<13)
	for i, v := range s.tokens {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(v))
		if len(buf) == cap(buf) || i == len(s.tokens)-1 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	s.id = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

// Tokens returns the number of tokens, EOS and BOS included.
func (s *Stream) Tokens() int { return len(s.tokens) }

// Bytes returns how many bytes all tokens but the first stand for.
func (s *Stream) Bytes() int64 { return s.bytes }

// SHA256 is over the ids as little-endian int32.
func (s *Stream) SHA256() string { return s.id }

// bytesOf returns how many bytes the tokens from index `from` up to `to` stand for; from is at least 1.
func (s *Stream) bytesOf(from, to int) int64 {
	var n int64
	for i := from; i < to; i++ {
		if s.tokens[i-1] == s.bos {
			n += int64(s.first[s.tokens[i]])
		} else {
			n += int64(s.size[s.tokens[i]])
		}
	}
	return n
}

// windows copies windows of T tokens that begin at the given indices into a batch: tokens and next tokens, [B, T] each.
func (s *Stream) windows(starts []int, T int) (b Batch, bytes int64) {
	B := len(starts)
	in, next := make([]int32, 0, B*T), make([]int32, 0, B*T)
	for _, at := range starts {
		in = append(in, s.tokens[at:at+T]...)
		next = append(next, s.tokens[at+1:at+1+T]...)
		bytes += s.bytesOf(at+1, at+1+T)
	}
	return Batch{Inputs: []Array{{Shape: []int{B, T}, I32: in}, {Shape: []int{B, T}, I32: next}}}, bytes
}

// check returns an error unless windows of T tokens can be cut.
func (s *Stream) check(B, T int) error {
	if B < 1 || T < 1 {
		return fmt.Errorf("data: text: batch of %d windows of %d tokens: expected at least one of each", B, T)
	}
	if len(s.tokens) < T+1 {
		return fmt.Errorf("data: text: %s: %d tokens: expected at least %d, one window of %d and the token after it; take more text or a shorter context", s.name, len(s.tokens), T+1, T)
	}
	return nil
}

// BitsPerByte converts a loss, summed over tokens in nats, to bits per byte of the text that these tokens stand for.
func BitsPerByte(nats float64, bytes int64) float64 { return nats / math.Ln2 / float64(bytes) }
