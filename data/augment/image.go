// Package augment changes images the way the vision recipes do: crops, flips, colour, RandAugment, erasing, mixing.
//
// Every operation is a function of an 8-bit image and explicit parameters, and gives the pixels that Pillow gives (timm
// and torchvision call Pillow for them), at most one level away; where the choice of parameters is random it stands in a
// function of its own that takes its numbers from a Draws. So an operation can be checked pixel by pixel, and a choice
// number by number, without a generator in between. Pipelines in pipeline.go put both together. The package reads no
// files and knows no data sets; package data does. Read this file first, then pipeline.go.
//
// Dimension letters: H height, W width, C channels (1 grey or 3 red-green-blue), B batch.
// Conversions such as float64(a*b) + c keep products rounded, so that machines which could multiply and add in one give
// the same pixels.
// Reference: timm 1.0.15 and Pillow 11.1, the versions at the time of the DyT recipes. Later ones differ: timm in the
// rectangle of cutmix, Pillow 13 in the order of the two passes of a resize.
package augment

import "fmt"

// Image is 8-bit, row-major, channels last: the level of channel c at row y, column x is Pix[(y*W+x)*C+c].
// Operations never write into their argument; some return it unchanged, so a result may share Pix with its argument.
type Image struct {
	H, W, C int
	Pix     []uint8
}

// New returns a black image.
func New(h, w, c int) Image { return Image{H: h, W: w, C: c, Pix: make([]uint8, h*w*c)} }

// Check returns an error unless the image has pixels, one or three channels, and as many levels as its size asks for.
func (m Image) Check() error {
	if m.H <= 0 || m.W <= 0 || (m.C != 1 && m.C != 3) {
		return fmt.Errorf("augment: image: expected at least 1 x 1 pixels of 1 or 3 channels, got %d x %d of %d", m.H, m.W, m.C)
	}
	if len(m.Pix) != m.H*m.W*m.C {
		return fmt.Errorf("augment: image: %d x %d pixels of %d channels are %d levels, got %d", m.H, m.W, m.C, m.H*m.W*m.C, len(m.Pix))
	}
	return nil
}

// row returns the levels of row y, [W, C].
func (m Image) row(y int) []uint8 { return m.Pix[y*m.W*m.C : (y+1)*m.W*m.C] }

// fill returns an image of one colour, a level for each channel.
func fill(h, w int, colour []uint8) Image {
	m := New(h, w, len(colour))
	for i := range m.Pix {
		m.Pix[i] = colour[i%len(colour)]
	}
	return m
}

// clip8 truncates toward zero and clamps to 0..255, as a C cast behind two comparisons does; NaN gives 0.
func clip8[F float32 | float64](v F) uint8 {
	switch {
	case v >= 255:
		return 255
	case v > 0:
		return uint8(v)
	}
	return 0
}
