package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/dyt-go/dyt/data/augment"
)

// ImageSource gives batches of images [B, C, H, W] with their labels [B], or with soft targets [B, classes] where it
// mixes. Images are read, changed and normalised ahead of time by several goroutines (imagefeed.go); everything random
// follows from the seed, the epoch and the place in the epoch, so batches do not depend on how many there are. Close it
// when done.
type ImageSource struct {
	kind    string // "image-train" or "image-valid"
	set     Images
	pipe    augment.Pipeline
	mix     augment.Mix
	B       int
	seed    uint64
	workers int
	id      string

	state  imageState
	feed   *imageFeed // nil while nothing is prepared
	closed bool
}

// imageState is what changes: the position as it is saved.
type imageState struct {
	Epoch int   `json:"epoch"`
	Next  int   `json:"next"` // images of the epoch already given
	Seen  Trail `json:"seen"`
}

// NewImageTrain makes the endless source of training batches: in each epoch all images in a random order, each once. A
// batch that the epoch cannot fill is filled from the next. With a zero mix (no mixing, no smoothing) the second input
// is the labels.
func NewImageTrain(set Images, pipe augment.Pipeline, mix augment.Mix, B int, seed uint64, workers int) (*ImageSource, error) {
	s := &ImageSource{kind: "image-train", set: set, pipe: pipe, mix: mix, B: B, seed: seed, workers: workers}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// NewImageValid makes one pass over a set in its order; the last batch may have fewer than B images. Pipelines for
// evaluation draw nothing.
func NewImageValid(set Images, pipe augment.Pipeline, B, workers int) (*ImageSource, error) {
	s := &ImageSource{kind: "image-valid", set: set, pipe: pipe, B: B, workers: workers}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *ImageSource) check() error {
	if s.B < 1 || s.workers < 1 {
		return fmt.Errorf("data: images: batches of %d by %d workers: expected at least one of each", s.B, s.workers)
	}
	if s.set.Len() == 0 {
		return errors.New("data: images: the set is empty; expected at least one image")
	}
	if err := s.pipe.Check(); err != nil {
		return err
	}
	if err := s.mix.Check(); err != nil {
		return err
	}
	settings, err := json.Marshal([]any{s.pipe, s.mix})
	if err != nil {
		return fmt.Errorf("data: images: settings: %w", err)
	}
	s.id = fingerprint("%s %T %s B=%d seed=%d", s.set.ID(), s.pipe, settings, s.B, s.seed)
	return nil
}

// Images returns how many images an epoch, or the pass, has.
func (s *ImageSource) Images() int { return s.set.Len() }

// Classes returns how many classes there are.
func (s *ImageSource) Classes() int { return len(s.set.Classes()) }

// Epoch returns how often the set has been gone through, as a fraction.
func (s *ImageSource) Epoch() float64 {
	return float64(s.state.Epoch) + float64(s.state.Next)/float64(s.set.Len())
}

// Next returns the next batch. An image that cannot be read is an error that names its file; it comes again at each call.
func (s *ImageSource) Next() (Batch, error) {
	if s.closed {
		return Batch{}, fmt.Errorf("data: %s: next: the source is closed", s.kind)
	}
	if s.feed == nil {
		s.feed = s.prepare(s.state)
	}
	made, ok := s.feed.next()
	switch {
	case !ok:
		return Batch{}, io.EOF
	case made.err != nil:
		s.stop()
		return Batch{}, made.err
	}
	s.state.Epoch, s.state.Next = made.epoch, made.next
	s.state.Seen.Add(made.batch)
	return made.batch, nil
}

func (s *ImageSource) Seen() string { return s.state.Seen.String() }

func (s *ImageSource) Position() ([]byte, error) { return SavePosition(s.kind, s.id, s.state) }

func (s *ImageSource) Seek(position []byte) error {
	var state imageState
	if err := LoadPosition(position, s.kind, s.id, &state); err != nil {
		return err
	}
	if state.Epoch < 0 || state.Next < 0 || state.Next > s.set.Len() || s.kind == "image-valid" && state.Epoch > 0 {
		return fmt.Errorf("data: %s: seek: image %d of epoch %d, which has %d", s.kind, state.Next, state.Epoch, s.set.Len())
	}
	s.stop()
	s.state = state
	return nil
}

// Rewind begins anew; Seen forgets what was before.
func (s *ImageSource) Rewind() {
	s.stop()
	s.state = imageState{}
}

// Close ends the goroutines. Position and Seen still answer.
func (s *ImageSource) Close() error {
	s.stop()
	s.closed = true
	return nil
}

func (s *ImageSource) stop() {
	if s.feed != nil {
		s.feed.stop()
		s.feed = nil
	}
}
