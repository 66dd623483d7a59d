package augment

import "math"

// Stats are the mean and the standard deviation of each channel of a data set, with levels scaled to 0..1.
type Stats struct {
	Mean []float32 `json:"mean" yaml:"mean"`
	Std  []float32 `json:"std" yaml:"std"`
}

// ImageNet returns the figures that torchvision and timm use for ImageNet.
func ImageNet() Stats {
	return Stats{[]float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}}
}

// CIFAR10 returns the figures of the 50,000 training images that are quoted everywhere.
func CIFAR10() Stats {
	return Stats{[]float32{0.4914, 0.4822, 0.4465}, []float32{0.2470, 0.2435, 0.2616}}
}

// FashionMNIST returns the figures of the 60,000 training images; a test computes them again.
func FashionMNIST() Stats { return Stats{[]float32{0.2860}, []float32{0.3530}} }

// colour returns the mean as levels, rounded: what lies outside a moved picture.
func (s Stats) colour() []uint8 {
	c := make([]uint8, len(s.Mean))
	for i, v := range s.Mean {
		c[i] = clip8(math.RoundToEven(255 * float64(v)))
	}
	return c
}

// Normalise writes (level/255 - mean) / std, in float32, into dst [C, H, W]. It panics if the sizes disagree.
func (s Stats) Normalise(dst []float32, m Image) {
	if len(s.Mean) != m.C || len(s.Std) != m.C || len(dst) != len(m.Pix) {
		panic("augment: normalise: statistics, image and destination differ in size")
	}
	n := m.H * m.W
	for c := range m.C {
		var value [256]float32
		for v := range value {
			value[v] = (float32(v)/255 - s.Mean[c]) / s.Std[c]
		}
		plane := dst[c*n : (c+1)*n]
		for i := range plane {
			plane[i] = value[m.Pix[i*m.C+c]]
		}
	}
}
