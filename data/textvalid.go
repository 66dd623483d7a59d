package data

import (
	"fmt"
	"io"
)

// TextValid is one pass over windows of a stream in order, without overlap: the same windows for every model and in
// every evaluation. Each next token is predicted once, after between 1 and T tokens of context.
type TextValid struct {
	s       *Stream
	B, T    int
	windows int // of the pass
	all     int // that the stream has
	id      string
	next    int
	seen    Trail
	bytes   int64
	total   int64
}

// NewTextValid makes a pass of about `tokens` tokens: windows evenly spread over the stream, a whole number of batches,
// at least one. With tokens 0, or when the stream has no more than that, all windows are taken; the last batch may then
// have fewer than B. Fewer than T tokens at the end of the stream belong to no window.
func NewTextValid(s *Stream, B, T, tokens int) (*TextValid, error) {
	if err := s.check(B, T); err != nil {
		return nil, err
	}
	if tokens < 0 {
		return nil, fmt.Errorf("data: text: validation on %d tokens: expected 0 (all) or more", tokens)
	}
	v := &TextValid{s: s, B: B, T: T, all: (len(s.tokens) - 1) / T}
	v.windows = max(tokens/(B*T), 1) * B
	if tokens == 0 || v.windows > v.all {
		v.windows = v.all
	}
	v.id = textID(s, "B=%d T=%d windows=%d", B, T, v.windows)
	for i := range v.windows {
		v.total += s.bytesOf(v.start(i)+1, v.start(i)+1+T)
	}
	return v, nil
}

// start returns where the i-th window of the pass begins.
func (v *TextValid) start(i int) int { return v.T * int(int64(i)*int64(v.all)/int64(v.windows)) }

// Tokens returns how many next tokens a whole pass has; a mean over the pass divides by it.
func (v *TextValid) Tokens() int { return v.windows * v.T }

// Bytes returns how many bytes the next tokens of a whole pass stand for:
// bits per byte = BitsPerByte(sum of the losses in nats, Bytes()).
func (v *TextValid) Bytes() int64 { return v.total }

// Next returns io.EOF after the last window.
func (v *TextValid) Next() (Batch, error) {
	n := min(v.B, v.windows-v.next)
	if n == 0 {
		return Batch{}, io.EOF
	}
	starts := make([]int, n)
	for i := range starts {
		starts[i] = v.start(v.next + i)
	}
	v.next += n
	b, bytes := v.s.windows(starts, v.T)
	v.bytes = bytes
	v.seen.Add(b)
	return b, nil
}

// LastBytes returns how many bytes the next tokens of the last batch stand for.
func (v *TextValid) LastBytes() int64 { return v.bytes }

// Rewind begins the pass anew; Seen forgets the one before.
func (v *TextValid) Rewind() { v.next, v.seen, v.bytes = 0, Trail{}, 0 }

func (v *TextValid) Seen() string { return v.seen.String() }

type validState struct {
	Next int   `json:"next"`
	Seen Trail `json:"seen"`
}

func (v *TextValid) Position() ([]byte, error) {
	return SavePosition("text-valid", v.id, validState{v.next, v.seen})
}

func (v *TextValid) Seek(position []byte) error {
	var state validState
	if err := LoadPosition(position, "text-valid", v.id, &state); err != nil {
		return err
	}
	if state.Next < 0 || state.Next > v.windows {
		return fmt.Errorf("data: text-valid: seek: window %d of %d", state.Next, v.windows)
	}
	v.next, v.seen, v.bytes = state.Next, state.Seen, 0
	return nil
}
