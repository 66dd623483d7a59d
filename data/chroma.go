package data

import (
	"image"
	"image/color"

	"github.com/dyt-go/dyt/data/augment"
)

// fromYCbCr converts a decoded JPEG. Where the file has one colour sample for two pixels, across or in both directions,
// the samples are spread as libjpeg (behind Pillow, so behind every published accuracy) spreads them: a pixel gets 3/4 of
// the nearest sample and 1/4 of the next, along each such direction; edges repeat. Go's own conversion repeats samples.
// Source: the description of "fancy upsampling" in libjpeg's documentation; the rounding follows the fixtures.
func fromYCbCr(m *image.YCbCr) augment.Image {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	out := augment.New(h, w, 3)
	across := m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio422
	down := m.SubsampleRatio == image.YCbCrSubsampleRatio420
	if !across || b.Min != (image.Point{}) {
		for i := range h * w {
			y, c := m.YOffset(b.Min.X+i%w, b.Min.Y+i/w), m.COffset(b.Min.X+i%w, b.Min.Y+i/w)
			out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = color.YCbCrToRGB(m.Y[y], m.Cb[c], m.Cr[c])
		}
		return out
	}
	cw := (w + 1) / 2
	cb, cr, sums := make([]uint8, 2*cw), make([]uint8, 2*cw), make([]int, cw)
	for y := range h {
		spreadRow(cb, sums, m.Cb, m.CStride, y, h, down)
		spreadRow(cr, sums, m.Cr, m.CStride, y, h, down)
		luma, dst := m.Y[y*m.YStride:], out.Pix[3*y*w:3*(y+1)*w]
		for x := range w {
			dst[3*x], dst[3*x+1], dst[3*x+2] = color.YCbCrToRGB(luma[x], cb[x], cr[x])
		}
	}
	return out
}

// spreadRow makes row y of the colour plane c for an image of h rows: len(dst) pixels of half as many samples. sums is
// scratch for len(dst)/2 numbers.
func spreadRow(dst []uint8, sums []int, c []uint8, stride, y, h int, down bool) {
	near, far := y, y
	if down {
		near = y / 2
		far = min(max(near+y%2*2-1, 0), (h+1)/2-1)
	}
	for x := range sums {
		sums[x] = 3*int(c[near*stride+x]) + int(c[far*stride+x]) // 4 times the sample
	}
	last := len(sums) - 1
	for x, s := range sums {
		left, right := sums[max(x-1, 0)], sums[min(x+1, last)]
		dst[2*x] = uint8((3*s + left + 8) >> 4)
		dst[2*x+1] = uint8((3*s + right + 7) >> 4)
	}
}
