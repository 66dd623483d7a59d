package data

import "fmt"

// TextTrain is the endless source of training batches: tokens [B, T] and next tokens [B, T].
//
// In each epoch the stream is cut into windows of T tokens that follow one another without overlap, from an offset below
// T that changes with the epoch, and they are given in a random order, each once. A batch that the epoch cannot fill is
// filled from the next. Offset and order follow from seed and epoch alone.
type TextTrain struct {
	s      *Stream
	B, T   int
	seed   uint64
	id     string
	state  textState
	offset int
	order  []int32 // of the windows of this epoch
	bytes  int64   // of the last batch
}

// textState is what changes: the position as it is saved.
type textState struct {
	Epoch int   `json:"epoch"`
	Next  int   `json:"next"` // windows of the epoch already given
	Seen  Trail `json:"seen"`
}

// NewTextTrain cuts a stream into batches of B windows of T tokens.
func NewTextTrain(s *Stream, B, T int, seed uint64) (*TextTrain, error) {
	if err := s.check(B, T); err != nil {
		return nil, err
	}
	t := &TextTrain{s: s, B: B, T: T, seed: seed, id: textID(s, "B=%d T=%d seed=%d", B, T, seed)}
	t.open(0)
	return t, nil
}

// textID is the fingerprint that a saved position carries.
func textID(s *Stream, format string, args ...any) string {
	return fingerprint("%s %s", s.id, fmt.Sprintf(format, args...))
}

// open makes offset and order of an epoch.
func (t *TextTrain) open(epoch int) {
	spare := len(t.s.tokens) - 1 - t.T // tokens beyond the first window
	t.offset = int(below(draws(t.seed, epoch, "text offset"), uint64(min(t.T-1, spare)+1)))
	t.order = permutation(draws(t.seed, epoch, "text order"), (len(t.s.tokens)-1-t.offset)/t.T)
	t.state.Epoch = epoch
}

// Next never returns an error.
func (t *TextTrain) Next() (Batch, error) {
	starts := make([]int, t.B)
	for i := range starts {
		if t.state.Next == len(t.order) {
			t.open(t.state.Epoch + 1)
			t.state.Next = 0
		}
		starts[i] = t.offset + t.T*int(t.order[t.state.Next])
		t.state.Next++
	}
	b, bytes := t.s.windows(starts, t.T)
	t.bytes = bytes
	t.state.Seen.Add(b)
	return b, nil
}

// LastBytes returns how many bytes the next tokens of the last batch stand for.
func (t *TextTrain) LastBytes() int64 { return t.bytes }

// Epoch returns how often the stream has been gone through, as a fraction.
func (t *TextTrain) Epoch() float64 {
	return float64(t.state.Epoch) + float64(t.state.Next)/float64(len(t.order))
}

func (t *TextTrain) Seen() string { return t.state.Seen.String() }

func (t *TextTrain) Position() ([]byte, error) { return SavePosition("text-train", t.id, t.state) }

func (t *TextTrain) Seek(position []byte) error {
	var state textState
	if err := LoadPosition(position, "text-train", t.id, &state); err != nil {
		return err
	}
	if state.Epoch < 0 {
		return fmt.Errorf("data: text-train: seek: epoch %d: expected 0 or more", state.Epoch)
	}
	moved := *t
	moved.open(state.Epoch)
	if state.Next < 0 || state.Next > len(moved.order) {
		return fmt.Errorf("data: text-train: seek: window %d of epoch %d, which has %d", state.Next, state.Epoch, len(moved.order))
	}
	moved.state, moved.bytes = state, 0
	*t = moved
	return nil
}
