package augment

import (
	"fmt"
	"math"
)

// Mix blends each image of a batch with the one of the mirrored place (first with last), and its target likewise: by
// mixup, a weighted sum of the two, or by cutmix, a rectangle of one in the other. One choice holds for the whole batch
// (timm's mode "batch"). Targets are smoothed: Smoothing is shared by all classes, the rest is the label's.
type Mix struct {
	Mixup     float64 `json:"mixup" yaml:"mixup"`         // the weight is from Beta(Mixup, Mixup); 0: no mixup
	Cutmix    float64 `json:"cutmix" yaml:"cutmix"`       // the kept area is from Beta(Cutmix, Cutmix); 0: no cutmix
	Prob      float64 `json:"prob" yaml:"prob"`           // that a batch is mixed at all
	Switch    float64 `json:"switch" yaml:"switch"`       // that it is cutmix, where both are on
	Smoothing float64 `json:"smoothing" yaml:"smoothing"` // of the targets
}

// PaperMix returns the setting of the DyT paper's vision recipes.
func PaperMix() Mix { return Mix{Mixup: 0.8, Cutmix: 1, Prob: 1, Switch: 0.5, Smoothing: 0.1} }

// Check returns an error for a number out of range. The generator of Beta serves parameters up to 1 only.
func (m Mix) Check() error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"mixup", m.Mixup}, {"cutmix", m.Cutmix}, {"prob", m.Prob}, {"switch", m.Switch}, {"smoothing", m.Smoothing}} {
		if !(0 <= f.value && f.value <= 1) {
			return fmt.Errorf("augment: mix: %s is %g, expected 0 to 1", f.name, f.value)
		}
	}
	return nil
}

// MixChoice is what was drawn for a batch: the weight of an image itself, its mirror image having 1-Lambda; and for
// cutmix the part that is taken from the mirror image (no rows: mixup).
type MixChoice struct {
	Lambda float64
	Cut    Rect
}

// Choose draws for a batch of images of h x w. In cutmix the sides of the part are those of the image times
// sqrt(1-lambda), halved by integer division on both sides of a centre that is uniform over the pixels, and clamped to
// the image; Lambda is then the share of the image that is left. Source: timm mixup.py 1.0.15 (later versions give
// parts with odd sides one pixel more).
func (m Mix) Choose(h, w int, d Draws) MixChoice {
	if d.Float64() >= m.Prob || m.Mixup == 0 && m.Cutmix == 0 {
		return MixChoice{Lambda: 1}
	}
	if m.Cutmix == 0 || m.Mixup > 0 && d.Float64() >= m.Switch {
		return MixChoice{Lambda: beta(d, m.Mixup)}
	}
	side := math.Sqrt(1 - beta(d, m.Cutmix))
	ch, cw := int(float64(h)*side), int(float64(w)*side)
	y, x := d.IntN(h), d.IntN(w)
	top, bottom := max(y-ch/2, 0), min(y+ch/2, h)
	left, right := max(x-cw/2, 0), min(x+cw/2, w)
	cut := Rect{top, left, bottom - top, right - left}
	if cut.H == 0 || cut.W == 0 {
		return MixChoice{Lambda: 1}
	}
	return MixChoice{Lambda: 1 - float64(cut.H*cut.W)/float64(h*w), Cut: cut}
}

// Images mixes x, float32 [B, C, H, W] with H = h and W = w, in place.
func (c MixChoice) Images(x []float32, b, h, w int) {
	if c.Lambda == 1 {
		return
	}
	n := len(x) / b
	for i := range (b + 1) / 2 {
		j := b - 1 - i
		one, other := x[i*n:(i+1)*n], x[j*n:(j+1)*n]
		if c.Cut.H > 0 {
			swap(one, other, h, w, c.Cut)
		} else {
			blendPair(one, other, float32(c.Lambda), float32(1-c.Lambda))
		}
	}
}

func blendPair(one, other []float32, own, its float32) {
	for i, a := range one {
		b := other[i]
		one[i] = float32(a*own) + float32(b*its)
		other[i] = float32(b*own) + float32(a*its)
	}
}

func swap(one, other []float32, h, w int, r Rect) {
	for plane := 0; plane < len(one); plane += h * w {
		for y := r.Top; y < r.Top+r.H; y++ {
			at := plane + y*w + r.Left
			for i := at; i < at+r.W; i++ {
				one[i], other[i] = other[i], one[i]
			}
		}
	}
}

// Targets returns the soft targets, float32 [B, classes], of a batch that was mixed as c says. A row sums to 1.
func (m Mix) Targets(labels []int32, classes int, c MixChoice) []float32 {
	b := len(labels)
	off := float32(m.Smoothing / float64(classes))
	on := float32(1 - m.Smoothing + m.Smoothing/float64(classes))
	own, its := float32(c.Lambda), float32(1-c.Lambda)
	out := make([]float32, b*classes)
	for i, label := range labels {
		row := out[i*classes : (i+1)*classes]
		mirror := labels[b-1-i]
		for k := range row {
			row[k] = float32(pick(label == int32(k), on, off)*own) + float32(pick(mirror == int32(k), on, off)*its)
		}
	}
	return out
}

func pick(yes bool, on, off float32) float32 {
	if yes {
		return on
	}
	return off
}
