package augment

import "fmt"

// Pipeline turns one image into one input of a model. All its state is in its exported fields, so its JSON tells two
// pipelines apart.
type Pipeline interface {
	// Check returns an error if the pipeline cannot work.
	Check() error
	// Shape returns [C, H, W] of the result.
	Shape() [3]int
	// Apply writes the result into dst [C, H, W]. The same image and the same draws give the same result.
	Apply(dst []float32, m Image, d Draws)
}

// Train is a training pipeline; its steps happen in the order of its fields.
type Train struct {
	Size   int                `json:"size" yaml:"size"`                         // height and width of the result
	Crop   *RandomResizedCrop `json:"crop,omitempty" yaml:"crop,omitempty"`     // a part, resized to Size; nil: see Pad
	Resize int                `json:"resize,omitempty" yaml:"resize,omitempty"` // without Crop: the shorter side at first; 0: as it is
	Pad    int                `json:"pad,omitempty" yaml:"pad,omitempty"`       // without Crop: Size x Size pixels out of the image with so many black ones on each side
	Flip   float64            `json:"flip" yaml:"flip"`                         // probability of FlipH
	Rand   *RandAugment       `json:"rand,omitempty" yaml:"rand,omitempty"`
	Jitter *Jitter            `json:"jitter,omitempty" yaml:"jitter,omitempty"`
	Filter Filter             `json:"filter" yaml:"filter"` // for Crop and Rand
	Stats  Stats              `json:"stats" yaml:"stats"`   // its length is the number of channels; grey and colour are converted
	Erase  *Erase             `json:"erase,omitempty" yaml:"erase,omitempty"`
}

// PaperTrain returns the training pipeline of the DyT paper's ViT and ConvNeXt recipes, 224 x 224. Source: the recipes'
// datasets.py (ConvNeXt) with timm's create_transform. Its mixing is PaperMix.
func PaperTrain() Train {
	rand, erase := PaperRandAugment(), PaperErase()
	return Train{
		Size:   224,
		Crop:   &RandomResizedCrop{Scale: [2]float64{0.08, 1}, Ratio: [2]float64{3. / 4, 4. / 3}},
		Flip:   0.5,
		Rand:   &rand,
		Filter: Bicubic,
		Stats:  ImageNet(),
		Erase:  &erase,
	}
}

// SmallTrain returns the light pipeline of the laptop recipes for images that have their final size: pad by 4, crop,
// flip.
func SmallTrain(size int, s Stats) Train {
	return Train{Size: size, Pad: 4, Flip: 0.5, Filter: Bicubic, Stats: s}
}

// Check returns an error that names the first wrong field.
func (t Train) Check() error {
	if err := checkCommon("train", t.Size, t.Filter, t.Stats); err != nil {
		return err
	}
	for _, p := range []struct {
		name   string
		lo, hi float64
	}{{"crop.scale", scaleOf(t.Crop)[0], scaleOf(t.Crop)[1]}, {"crop.ratio", ratioOf(t.Crop)[0], ratioOf(t.Crop)[1]}} {
		if !(0 < p.lo && p.lo <= p.hi) {
			return fmt.Errorf("augment: train: %s is %g to %g, expected numbers above 0 in rising order", p.name, p.lo, p.hi)
		}
	}
	switch {
	case t.Resize < 0:
		return fmt.Errorf("augment: train: resize is %d, expected 0 or more", t.Resize)
	case t.Pad < 0:
		return fmt.Errorf("augment: train: pad is %d, expected 0 or more", t.Pad)
	case !(0 <= t.Flip && t.Flip <= 1):
		return fmt.Errorf("augment: train: flip is %g, expected 0 to 1", t.Flip)
	case t.Rand != nil && !(0 <= t.Rand.Magnitude && t.Rand.Magnitude <= fullMagnitude):
		return fmt.Errorf("augment: train: rand.magnitude is %g, expected 0 to %d", t.Rand.Magnitude, fullMagnitude)
	case t.Rand != nil && t.Rand.Layers < 1:
		return fmt.Errorf("augment: train: rand.layers is %d, expected 1 or more; leave rand out to do without", t.Rand.Layers)
	case t.Jitter != nil && !(min(t.Jitter.Brightness, t.Jitter.Contrast, t.Jitter.Saturation) >= 0):
		return fmt.Errorf("augment: train: jitter is %g, %g, %g, expected 0 or more", t.Jitter.Brightness, t.Jitter.Contrast, t.Jitter.Saturation)
	case t.Jitter != nil && !(0 <= t.Jitter.Hue && t.Jitter.Hue <= 0.5):
		return fmt.Errorf("augment: train: jitter.hue is %g, expected 0 to 0.5", t.Jitter.Hue)
	case t.Erase != nil && !(0 <= t.Erase.Prob && t.Erase.Prob <= 1):
		return fmt.Errorf("augment: train: erase.prob is %g, expected 0 to 1", t.Erase.Prob)
	case t.Erase != nil && !(0 < t.Erase.MinRatio && t.Erase.MinRatio <= 1):
		return fmt.Errorf("augment: train: erase.min_ratio is %g, expected above 0, at most 1", t.Erase.MinRatio)
	case t.Erase != nil && !(0 <= t.Erase.MinArea && t.Erase.MinArea <= t.Erase.MaxArea && t.Erase.MaxArea <= 1):
		return fmt.Errorf("augment: train: erase area is %g to %g, expected 0 to 1 in rising order", t.Erase.MinArea, t.Erase.MaxArea)
	}
	return nil
}

func scaleOf(c *RandomResizedCrop) [2]float64 {
	if c == nil {
		return [2]float64{1, 1}
	}
	return c.Scale
}

func ratioOf(c *RandomResizedCrop) [2]float64 {
	if c == nil {
		return [2]float64{1, 1}
	}
	return c.Ratio
}

// Shape returns [C, Size, Size].
func (t Train) Shape() [3]int { return [3]int{len(t.Stats.Mean), t.Size, t.Size} }

// Apply writes one randomly changed view of m into dst.
func (t Train) Apply(dst []float32, m Image, d Draws) {
	m = channels(m, len(t.Stats.Mean))
	if t.Crop != nil {
		m = Resize(Crop(m, t.Crop.Choose(m.H, m.W, d)), t.Size, t.Size, t.Filter)
	} else {
		if t.Resize > 0 {
			m = ResizeShorter(m, t.Resize, t.Filter)
		}
		m = Crop(m, choosePadded(m.H, m.W, t.Size, t.Pad, d))
	}
	if t.Flip > 0 && d.Float64() < t.Flip {
		m = FlipH(m)
	}
	if t.Rand != nil {
		colour := t.Stats.colour()
		for _, c := range t.Rand.Choose(d) {
			m = c.Apply(m, t.Filter, colour)
		}
	}
	if t.Jitter != nil {
		m = t.Jitter.Choose(d).Apply(m)
	}
	t.Stats.Normalise(dst, m)
	if t.Erase != nil {
		Noise(dst, m.H, m.W, t.Erase.Choose(m.H, m.W, d), d)
	}
}

// Eval is an evaluation pipeline: nothing in it is random.
type Eval struct {
	Size   int    `json:"size" yaml:"size"`                         // height and width of the result, cropped from the middle
	Resize int    `json:"resize,omitempty" yaml:"resize,omitempty"` // shorter side before that; 0: leave the image's size
	Filter Filter `json:"filter" yaml:"filter"`
	Stats  Stats  `json:"stats" yaml:"stats"`
}

// PaperEval returns the evaluation pipeline of the DyT paper's ViT and ConvNeXt recipes: shorter side 256, middle 224.
func PaperEval() Eval { return Eval{Size: 224, Resize: 256, Filter: Bicubic, Stats: ImageNet()} }

// SmallEval returns the pipeline for images that have their final size: nothing but normalising.
func SmallEval(size int, s Stats) Eval { return Eval{Size: size, Filter: Bicubic, Stats: s} }

// Check returns an error that names the first wrong field.
func (e Eval) Check() error {
	if e.Resize < 0 {
		return fmt.Errorf("augment: eval: resize is %d, expected 0 or more", e.Resize)
	}
	return checkCommon("eval", e.Size, e.Filter, e.Stats)
}

// Shape returns [C, Size, Size].
func (e Eval) Shape() [3]int { return [3]int{len(e.Stats.Mean), e.Size, e.Size} }

// Apply writes the middle of m into dst. It draws nothing.
func (e Eval) Apply(dst []float32, m Image, _ Draws) {
	m = channels(m, len(e.Stats.Mean))
	if e.Resize > 0 {
		m = ResizeShorter(m, e.Resize, e.Filter)
	}
	e.Stats.Normalise(dst, CenterCrop(m, e.Size))
}

func channels(m Image, c int) Image {
	if c == 1 {
		return Grey(m)
	}
	return RGB(m)
}

func checkCommon(kind string, size int, f Filter, s Stats) error {
	c := len(s.Mean)
	switch {
	case size < 1:
		return fmt.Errorf("augment: %s: size is %d, expected 1 or more", kind, size)
	case f != Bilinear && f != Bicubic:
		return fmt.Errorf("augment: %s: filter is %q, expected %q or %q", kind, f, Bilinear, Bicubic)
	case (c != 1 && c != 3) || len(s.Std) != c:
		return fmt.Errorf("augment: %s: statistics of %d means and %d deviations, expected 1 and 1, or 3 and 3", kind, c, len(s.Std))
	}
	for i := range c {
		if !(s.Std[i] > 0) {
			return fmt.Errorf("augment: %s: deviation of channel %d is %g, expected above 0", kind, i, s.Std[i])
		}
	}
	return nil
}
