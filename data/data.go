// Package data turns files into batches: text (this package's text*.go) and images (image*.go, idx.go, cifar.go).
//
// A Source is an iterator whose position can be saved and restored exactly, and which can say in one hash what it has
// given so far; a run that was killed goes on with the very batch it would have seen, and two twins can prove that they
// saw the same batches in the same order. The package knows no graph library: a batch is plain slices with shapes.
// Tokenizers are in data/token, downloads in data/get. Read this file first, then textsource.go.
//
// Dimension letters: B batch, T tokens of one window, C channels, H height, W width.
package data

import "fmt"

// Array is a dense row-major array. Exactly one of F32 and I32 is set; its length is the product of Shape.
type Array struct {
	Shape []int
	F32   []float32
	I32   []int32
}

// Batch is what one training or evaluation step reads.
//
//	Inputs[0]  text:   tokens int32 [B, T]             images: float32 [B, C, H, W]
//	Inputs[1]  text:   next tokens int32 [B, T]        images: labels int32 [B] (evaluation),
//	                                                           or soft targets float32 [B, classes] (training with mixing)
//
// A batch belongs to its receiver: no source writes into it again.
type Batch struct {
	Inputs []Array
}

// Source gives batches one after the other. It is not safe for concurrent use; a source may work ahead on goroutines of
// its own as long as the four methods describe the batches given, not the ones prepared.
type Source interface {
	// Next returns the next batch, and io.EOF at the end of a finite pass. An endless source never returns io.EOF.
	Next() (Batch, error)

	// Position returns one JSON object from which Seek, on a source built with the same arguments, goes on with
	// exactly the batches that would have followed, and with the same Seen. See SavePosition for its form.
	Position() ([]byte, error)

	// Seek restores a position. A position of another source (other data, seed or batch size) is an error that names
	// the difference, and leaves the source as it was.
	Seek(position []byte) error

	// Seen returns the Trail of all batches given so far, as 64 hexadecimal digits: equal for two runs exactly when
	// they were given the same batches in the same order.
	Seen() string
}

// Len returns the number of elements that Shape asks for; a scalar (no dimensions) has one.
func (a Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// Check returns an error unless exactly one slice is set and its length fits Shape. An array without elements may have
// neither slice set.
func (a Array) Check() error {
	for _, d := range a.Shape {
		if d < 0 {
			return fmt.Errorf("data: array: shape %v has a negative dimension", a.Shape)
		}
	}
	if a.F32 != nil && a.I32 != nil {
		return fmt.Errorf("data: array %v: both F32 (%d) and I32 (%d) are set, expected one", a.Shape, len(a.F32), len(a.I32))
	}
	if got, want := len(a.F32)+len(a.I32), a.Len(); got != want {
		return fmt.Errorf("data: array: shape %v asks for %d elements, got %d", a.Shape, want, got)
	}
	return nil
}
