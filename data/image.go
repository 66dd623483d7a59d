package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/dyt-go/dyt/data/augment"
)

// Images is a labelled set of images in a fixed order. All methods may be called by several goroutines at once.
type Images interface {
	Len() int
	// Image returns image i; its levels belong to the set and are not to be written.
	Image(i int) (augment.Image, error)
	// Label returns the class of image i, an index of Classes.
	Label(i int) int
	Classes() []string
	// ID is a fingerprint of the set's contents and order, as hexadecimal digits.
	ID() string
}

// ImageArray is a set in memory, all images of one size.
type ImageArray struct {
	H, W, C int
	Pix     []uint8 // [N, H, W, C]
	Labels  []int32 // [N]
	Names   []string
}

// Check returns an error unless the counts agree and every label has a name.
func (a *ImageArray) Check() error {
	if size := a.H * a.W * a.C; len(a.Pix) != len(a.Labels)*size {
		return fmt.Errorf("data: images: %d labels of %d x %d x %d ask for %d levels, got %d", len(a.Labels), a.H, a.W, a.C, len(a.Labels)*size, len(a.Pix))
	}
	for i, label := range a.Labels {
		if label < 0 || int(label) >= len(a.Names) {
			return fmt.Errorf("data: images: label %d of image %d: expected 0 to %d", label, i, len(a.Names)-1)
		}
	}
	return nil
}

// Len returns the number of images.
func (a *ImageArray) Len() int { return len(a.Labels) }

// Label returns the class of image i.
func (a *ImageArray) Label(i int) int { return int(a.Labels[i]) }

// Classes returns Names.
func (a *ImageArray) Classes() []string { return a.Names }

// Image returns image i, sharing Pix.
func (a *ImageArray) Image(i int) (augment.Image, error) {
	n := a.H * a.W * a.C
	m := augment.Image{H: a.H, W: a.W, C: a.C, Pix: a.Pix[i*n : (i+1)*n : (i+1)*n]}
	return m, m.Check()
}

// ID hashes sizes, levels, labels and names.
func (a *ImageArray) ID() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %d %d %q\n", len(a.Labels), a.H, a.W, a.C, a.Names)
	h.Write(a.Pix)
	binary.Write(h, binary.LittleEndian, a.Labels)
	return hex.EncodeToString(h.Sum(nil))
}

// subset is some images of a set, in their own order.
type subset struct {
	Images
	of []int
}

// Subset returns the images of s at the indices of, in that order.
func Subset(s Images, of []int) Images { return &subset{s, of} }

func (s *subset) Len() int                           { return len(s.of) }
func (s *subset) Image(i int) (augment.Image, error) { return s.Images.Image(s.of[i]) }
func (s *subset) Label(i int) int                    { return s.Images.Label(s.of[i]) }

// ID hashes the fingerprint of the whole set and the indices.
func (s *subset) ID() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%v\n", s.Images.ID(), s.of)
	return hex.EncodeToString(h.Sum(nil))
}

// SplitImages sets aside n images for validation, drawn by seed; both parts keep the order of s. The same seed and the
// same length always give the same split.
func SplitImages(s Images, n int, seed uint64) (train, validation Images, err error) {
	if n < 0 || n > s.Len() {
		return nil, nil, fmt.Errorf("data: images: split: expected 0 to %d images for validation, got %d", s.Len(), n)
	}
	aside := make([]bool, s.Len())
	for _, i := range permutation(draws(seed, 0, "image split"), s.Len())[:n] {
		aside[i] = true
	}
	var in, out []int
	for i, a := range aside {
		if a {
			out = append(out, i)
		} else {
			in = append(in, i)
		}
	}
	return Subset(s, in), Subset(s, out), nil
}
