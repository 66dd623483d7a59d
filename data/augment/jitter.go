package augment

// Jitter changes brightness, contrast and saturation by a factor uniform in 1 +- its field (not below 0), and turns hue
// by a shift uniform in +- its field, in random order. Fields at 0 do nothing. timm's single number 0.4 is {0.4, 0.4,
// 0.4, 0}; timm leaves jitter out when RandAugment is on, and so do our recipes.
type Jitter struct {
	Brightness float64 `json:"brightness" yaml:"brightness"`
	Contrast   float64 `json:"contrast" yaml:"contrast"`
	Saturation float64 `json:"saturation" yaml:"saturation"`
	Hue        float64 `json:"hue" yaml:"hue"`
}

// JitterChoice is what was drawn: the order in which the four are applied (0 brightness, 1 contrast, 2 saturation, 3 hue)
// and their values; 1 and 0 stand for "no change", and that operation is left out.
type JitterChoice struct {
	Order                            [4]int
	Brightness, Contrast, Saturation float64
	Hue                              float64
}

// Choose draws the order, then the values of the fields that are not 0. Source: torchvision ColorJitter.get_params.
func (j Jitter) Choose(d Draws) JitterChoice {
	c := JitterChoice{Order: [4]int{0, 1, 2, 3}}
	for i := 3; i > 0; i-- {
		k := d.IntN(i + 1)
		c.Order[i], c.Order[k] = c.Order[k], c.Order[i]
	}
	factor := func(width float64) float64 {
		if width == 0 {
			return 1
		}
		return uniform(d, max(1-width, 0), 1+width)
	}
	c.Brightness, c.Contrast, c.Saturation = factor(j.Brightness), factor(j.Contrast), factor(j.Saturation)
	if j.Hue != 0 {
		c.Hue = uniform(d, -j.Hue, j.Hue)
	}
	return c
}

// Apply changes m as chosen.
func (c JitterChoice) Apply(m Image) Image {
	for _, op := range c.Order {
		switch {
		case op == 0 && c.Brightness != 1:
			m = Brightness(m, c.Brightness)
		case op == 1 && c.Contrast != 1:
			m = Contrast(m, c.Contrast)
		case op == 2 && c.Saturation != 1:
			m = Color(m, c.Saturation)
		case op == 3 && c.Hue != 0:
			m = Hue(m, c.Hue)
		}
	}
	return m
}
