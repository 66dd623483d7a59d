package augment

import "math"

// Erase overwrites, with probability Prob, one rectangle of the normalised image by noise of its own for each value
// (timm's mode "pixel", count 1): MinArea to MaxArea of the image, ratio of height to width MinRatio to 1/MinRatio.
type Erase struct {
	Prob     float64 `json:"prob" yaml:"prob"`
	MinArea  float64 `json:"min_area" yaml:"min_area"`
	MaxArea  float64 `json:"max_area" yaml:"max_area"`
	MinRatio float64 `json:"min_ratio" yaml:"min_ratio"`
}

// PaperErase returns the setting of the DyT paper's vision recipes.
func PaperErase() Erase { return Erase{Prob: 0.25, MinArea: 0.02, MaxArea: 1. / 3, MinRatio: 0.3} }

// Choose draws the rectangle for an image of h x w; one without rows means that nothing is erased. Up to ten times: area
// uniform, logarithm of the ratio uniform, sides rounded, and if they are shorter than the image's, the place uniform.
// Source: timm RandomErasing.
func (e Erase) Choose(h, w int, d Draws) Rect {
	if d.Float64() > e.Prob {
		return Rect{}
	}
	for range 10 {
		area := uniform(d, e.MinArea, e.MaxArea) * float64(h*w)
		ratio := math.Exp(uniform(d, math.Log(e.MinRatio), math.Log(1/e.MinRatio)))
		eh := int(math.RoundToEven(math.Sqrt(area * ratio)))
		ew := int(math.RoundToEven(math.Sqrt(area / ratio)))
		if eh < h && ew < w {
			top := d.IntN(h - eh + 1)
			left := d.IntN(w - ew + 1)
			return Rect{top, left, eh, ew}
		}
	}
	return Rect{}
}

// Noise overwrites the part r of x, float32 [C, H, W] with H = h and W = w, by standard normal numbers.
func Noise(x []float32, h, w int, r Rect, d Draws) {
	for plane := 0; plane < len(x); plane += h * w {
		for y := r.Top; y < r.Top+r.H; y++ {
			line := x[plane+y*w+r.Left : plane+y*w+r.Left+r.W]
			for i := range line {
				line[i] = float32(d.NormFloat64())
			}
		}
	}
}
