package augment

import (
	"fmt"
	"math"
)

// RandAugment applies Layers operations, each drawn from all fifteen and then applied with probability Prob, at a
// magnitude that is normal about Magnitude and clamped to 0..10. The operations are those that grow with the magnitude.
// PaperRandAugment is timm's "rand-m9-mstd0.5-inc1". Source: timm auto_augment.py.
type RandAugment struct {
	Magnitude float64 `json:"magnitude" yaml:"magnitude"`
	Std       float64 `json:"std" yaml:"std"`
	Layers    int     `json:"layers" yaml:"layers"`
	Prob      float64 `json:"prob" yaml:"prob"`
}

// PaperRandAugment returns the setting of the DyT paper's vision recipes.
func PaperRandAugment() RandAugment { return RandAugment{Magnitude: 9, Std: 0.5, Layers: 2, Prob: 0.5} }

const fullMagnitude = 10

// RandOp is one operation of RandAugment: how a level between 0 and 10 becomes its argument, and what it does.
type RandOp struct {
	Name     string
	argument func(level float64, d Draws) float64 // nil: the operation has none
	apply    func(m Image, arg float64, f Filter, colour []uint8) Image
}

// RandOps returns the fifteen operations in timm's order.
func RandOps() []RandOp { return randOps }

var randOps = []RandOp{
	{"AutoContrast", nil, plain(func(m Image, _ float64) Image { return AutoContrast(m) })},
	{"Equalize", nil, plain(func(m Image, _ float64) Image { return Equalize(m) })},
	{"Invert", nil, plain(func(m Image, _ float64) Image { return Invert(m) })},
	{"Rotate", signed(30), Rotate},
	{"PosterizeIncreasing", posterizeBits, plain(func(m Image, bits float64) Image { return Posterize(m, int(bits)) })},
	{"SolarizeIncreasing", solarizeThreshold, plain(func(m Image, threshold float64) Image { return Solarize(m, int(threshold)) })},
	{"SolarizeAdd", solarizeSum, plain(func(m Image, add float64) Image { return SolarizeAdd(m, int(add)) })},
	{"ColorIncreasing", enhanceFactor, plain(Color)},
	{"ContrastIncreasing", enhanceFactor, plain(Contrast)},
	{"BrightnessIncreasing", enhanceFactor, plain(Brightness)},
	{"SharpnessIncreasing", enhanceFactor, plain(Sharpness)},
	{"ShearX", signed(0.3), ShearX},
	{"ShearY", signed(0.3), ShearY},
	{"TranslateXRel", signed(0.45), TranslateX},
	{"TranslateYRel", signed(0.45), TranslateY},
}

// plain adapts an operation that needs neither a filter nor a colour.
func plain(op func(m Image, arg float64) Image) func(Image, float64, Filter, []uint8) Image {
	return func(m Image, arg float64, _ Filter, _ []uint8) Image { return op(m, arg) }
}

// signed gives +-most*level/10.
func signed(most float64) func(float64, Draws) float64 {
	return func(level float64, d Draws) float64 { return negate(d, level/fullMagnitude*most) }
}

// posterizeBits gives 4 bits at level 0, falling to 0 at level 10.
func posterizeBits(level float64, _ Draws) float64 {
	return 4 - math.Trunc(level/fullMagnitude*4)
}

// solarizeThreshold gives 256 (nothing) at level 0, falling to 0 (all inverted) at level 10.
func solarizeThreshold(level float64, _ Draws) float64 {
	return 256 - min(256, math.Trunc(level/fullMagnitude*256))
}

// solarizeSum gives 0 at level 0, rising to 110.
func solarizeSum(level float64, _ Draws) float64 {
	return min(128, math.Trunc(level/fullMagnitude*110))
}

// enhanceFactor gives 1 +- 0.9*level/10, at least 0.1.
func enhanceFactor(level float64, d Draws) float64 {
	return max(0.1, 1+negate(d, float64(level/fullMagnitude*0.9)))
}

// RandChoice is one operation that was drawn, with its argument.
type RandChoice struct {
	Op  int // index in RandOps
	Arg float64
}

// Choose draws the operations; those that are not applied are left out. The order of the draws is timm's: all operations
// first, then for each whether it is applied, its magnitude, its sign.
func (r RandAugment) Choose(d Draws) []RandChoice {
	ops := make([]int, r.Layers)
	for i := range ops {
		ops[i] = d.IntN(len(randOps))
	}
	var chosen []RandChoice
	for _, op := range ops {
		if r.Prob < 1 && d.Float64() > r.Prob {
			continue
		}
		level := r.Magnitude
		if r.Std > 0 {
			level += float64(r.Std * d.NormFloat64())
		}
		level = min(max(level, 0), fullMagnitude)
		c := RandChoice{Op: op}
		if argument := randOps[op].argument; argument != nil {
			c.Arg = argument(level, d)
		}
		chosen = append(chosen, c)
	}
	return chosen
}

// Apply does the operation. The filter and the colour, a level for each channel, are for those that move pixels: what
// they uncover gets the colour.
func (c RandChoice) Apply(m Image, f Filter, colour []uint8) Image {
	return randOps[c.Op].apply(m, c.Arg, f, colour)
}

func (c RandChoice) String() string { return fmt.Sprintf("%s(%g)", randOps[c.Op].Name, c.Arg) }
