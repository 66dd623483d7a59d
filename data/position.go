package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// A position is saved as one JSON object of this form; `state` is the source's own struct:
//
//	{"source":"text-windows","id":"9f2c…","state":{"epoch":2,"next":640,"seen":"5be1…"}}
//
// `source` is the kind of iterator, `id` a fingerprint of everything it was built from (data hash, split, batch size,
// seed, augmentation settings), `state` the few numbers that change while it runs, the Trail among them. State that
// follows from these numbers (a permutation, a random stream) is made anew from the seed and never saved.
type position struct {
	Source string          `json:"source"`
	ID     string          `json:"id"`
	State  json.RawMessage `json:"state"`
}

// SavePosition writes the position of a source: its kind, its fingerprint, and a struct of the numbers that change.
func SavePosition(source, id string, state any) ([]byte, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("data: %s: save position: %w", source, err)
	}
	return json.Marshal(position{source, id, raw})
}

// LoadPosition reads a position that SavePosition wrote into *state. It is an error when the position was saved by
// another kind of source or by one built from something else, when a field is unknown, or when text follows the object.
func LoadPosition(saved []byte, source, id string, state any) error {
	var p position
	if err := strict(saved, &p); err != nil {
		return fmt.Errorf("data: %s: seek: position is not the JSON of a source: %w", source, err)
	}
	if p.Source != source {
		return fmt.Errorf("data: %s: seek: the position was saved by %q; resume with the data settings of the run that saved it", source, p.Source)
	}
	if p.ID != id {
		return fmt.Errorf("data: %s: seek: the position belongs to data or settings %.16s, this source has %.16s; resume with the same files, split, batch size and seed", source, p.ID, id)
	}
	if err := strict(p.State, state); err != nil {
		return fmt.Errorf("data: %s: seek: state: %w", source, err)
	}
	return nil
}

// fingerprint is the SHA-256 of a formatted text, in hexadecimal digits.
func fingerprint(format string, args ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return hex.EncodeToString(sum[:])
}

func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("text behind the JSON object")
	}
	return nil
}
