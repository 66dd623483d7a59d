package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pngScale is pixels per CSS pixel: 2 gives 192 dots an inch.
const pngScale = 2

// pngFile paints a scene on paper, in the light colours, with the Go fonts.
func pngFile(s scene) ([]byte, error) {
	bounds := image.Rect(0, 0, int(math.Ceil(s.width*pngScale)), int(math.Ceil(s.height*pngScale)))
	c := canvas{image: image.NewRGBA(bounds), faces: map[bool]font.Face{}}
	for bold, file := range map[bool][]byte{false: goregular.TTF, true: gobold.TTF} {
		face, err := newFace(file)
		if err != nil {
			return nil, fmt.Errorf("report: png: %w", err)
		}
		defer face.Close()
		c.faces[bold] = face
	}
	c.shape(box{0, 0, s.width, s.height, paper, 1})
	for _, sh := range s.shapes {
		c.shape(sh)
	}
	var out bytes.Buffer
	err := png.Encode(&out, c.image)
	return out.Bytes(), err
}

func newFace(file []byte) (font.Face, error) {
	parsed, err := opentype.Parse(file)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize * pngScale, DPI: 72})
}

type canvas struct {
	image *image.RGBA
	faces map[bool]font.Face // by bold
}

func (c canvas) shape(sh shape) {
	switch sh := sh.(type) {
	case polyline:
		outlines := strokeOutlines(sh.points, sh.width/2)
		if sh.dashed {
			outlines = nil
			for _, part := range dashes(sh.points, dashOn, dashOff) {
				outlines = append(outlines, strokeOutlines(part, sh.width/2)...)
			}
		}
		c.fill(outlines, sh.ink, sh.alpha)
	case polygon:
		c.fill([][]point{sh.points}, sh.ink, sh.alpha)
	case box:
		c.fill([][]point{{{sh.x, sh.y}, {sh.x + sh.width, sh.y}, {sh.x + sh.width, sh.y + sh.height}, {sh.x, sh.y + sh.height}}}, sh.ink, sh.alpha)
	case dot:
		c.fill([][]point{disc(point{sh.x, sh.y}, sh.radius)}, sh.ink, 1)
		if sh.hollow {
			c.fill([][]point{disc(point{sh.x, sh.y}, sh.radius-ringWidth)}, paper, 1)
		}
	case label:
		c.text(sh)
	default:
		panic(fmt.Sprintf("BUG: report: shape %T", sh))
	}
}

// fill paints the union of closed outlines that all turn the same way. Only their bounding box is rasterised: a heat map is
// a thousand small boxes.
func (c canvas) fill(outlines [][]point, i Ink, alpha float64) {
	within := pixelBounds(outlines).Intersect(c.image.Bounds())
	if within.Empty() {
		return
	}
	var z vector.Rasterizer
	z.Reset(within.Dx(), within.Dy())
	for _, outline := range outlines {
		for n, p := range outline {
			x, y := float32(p.x*pngScale-float64(within.Min.X)), float32(p.y*pngScale-float64(within.Min.Y))
			if n == 0 {
				z.MoveTo(x, y)
			} else {
				z.LineTo(x, y)
			}
		}
		z.ClosePath()
	}
	z.Draw(c.image, within, image.NewUniform(i.rgba(alpha)), image.Point{})
}

// pixelBounds is the smallest rectangle of pixels that holds the outlines.
func pixelBounds(outlines [][]point) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, outline := range outlines {
		for _, p := range outline {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	if low.x > high.x {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(low.x*pngScale)), int(math.Floor(low.y*pngScale)),
		int(math.Ceil(high.x*pngScale)), int(math.Ceil(high.y*pngScale)))
}

func (c canvas) text(l label) {
	face := c.faces[l.bold]
	x := fixed.Int26_6(l.x * pngScale * 64)
	switch width := font.MeasureString(face, l.text); l.anchor {
	case middle:
		x -= width / 2
	case end:
		x -= width
	}
	d := font.Drawer{Dst: c.image, Src: image.NewUniform(l.ink.rgba(1)), Face: face, Dot: fixed.Point26_6{X: x, Y: fixed.Int26_6(l.y * pngScale * 64)}}
	d.DrawString(l.text)
}
