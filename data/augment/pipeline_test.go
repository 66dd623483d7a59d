package augment

import (
	"math"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

// compare32 returns the largest difference and reports what is beyond the tolerance.
func compare32(t *testing.T, f *golden.Fixture, name string, got []float32) (worst float64) {
	t.Helper()
	want, _ := f.F32(name)
	if len(got) != len(want) {
		t.Fatalf("%s: got %d numbers, expected %d", name, len(got), len(want))
	}
	reported := false
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		worst = max(worst, d)
		if !(d <= f.Tolerance().Abs+f.Tolerance().Rel*math.Abs(float64(w))) && !reported {
			t.Errorf("%s: element %d: got %g, expected %g", name, i, got[i], w)
			reported = true
		}
	}
	return worst
}

// timm's whole training transform and ours, given the same random numbers.
func TestTrainIsTimmsTransform(t *testing.T) {
	f := golden.Load(t, "image", "train")
	worst := 0.0
	for _, name := range trials(t, f) {
		src := picture(t, f, name+".image")
		_, shape := f.F32(name + ".result")
		p := PaperTrain()
		p.Size = shape[1]
		if name == "0" {
			p.Erase.Prob = 1
		}
		if p.Size == 28 { // the trials with padded crops
			p.Crop, p.Pad = nil, 4
		}
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, 3*p.Size*p.Size)
		s := newScript(t, f, name+".draws")
		p.Apply(dst, src, s)
		s.end()
		worst = max(worst, compare32(t, f, name+".result", dst))
	}
	t.Logf("largest difference %g", worst)
}

func TestEvalIsTorchvisionsTransform(t *testing.T) {
	f := golden.Load(t, "image", "eval")
	worst := 0.0
	for _, name := range []string{"pattern", "noise"} {
		for _, c := range []struct {
			resize, size int
			name         string
		}{{32, 28, ".32.28"}, {21, 16, ".21.16"}, {50, 44, ".50.44"}} {
			p := PaperEval()
			p.Resize, p.Size = c.resize, c.size
			dst := make([]float32, 3*c.size*c.size)
			p.Apply(dst, picture(t, f, name), nil)
			worst = max(worst, compare32(t, f, name+c.name, dst))
		}
	}
	t.Logf("largest difference %g", worst)
}

func TestMixIsTimms(t *testing.T) {
	f := golden.Load(t, "image", "mix")
	kinds, worst := map[string]int{}, 0.0
	for _, name := range trials(t, f) {
		v, _ := f.F64(name + ".setting")
		m := Mix{Mixup: v[0], Cutmix: v[1], Prob: v[2], Switch: v[3], Smoothing: v[4]}
		x, shape := f.F32(name + ".images")
		labels, _ := f.I32(name + ".labels")
		s := newScript(t, f, name+".draws")
		c := m.Choose(shape[2], shape[3], s)
		s.end()
		switch {
		case c.Lambda == 1:
			kinds["neither"]++
		case c.Cut.H > 0:
			kinds["cutmix"]++
		default:
			kinds["mixup"]++
		}
		c.Images(x, shape[0], shape[2], shape[3])
		worst = max(worst, compare32(t, f, name+".mixed", x))
		worst = max(worst, compare32(t, f, name+".target", m.Targets(labels, 5, c)))
	}
	if len(kinds) != 3 {
		t.Errorf("the fixture covers %v, expected neither, cutmix and mixup", kinds)
	}
	t.Logf("%v, largest difference %g", kinds, worst)
}

func TestTargetsSumToOne(t *testing.T) {
	m := PaperMix()
	row := m.Targets([]int32{0, 2}, 3, MixChoice{Lambda: 1})
	for i, want := range []float64{0.9 + 0.1/3, 0.1 / 3, 0.1 / 3, 0.1 / 3, 0.1 / 3, 0.9 + 0.1/3} {
		if math.Abs(float64(row[i])-want) > 1e-7 {
			t.Errorf("smoothed targets are %v", row)
		}
	}
	row = m.Targets([]int32{0, 2}, 3, MixChoice{Lambda: 0.3})
	if sum := row[0] + row[1] + row[2]; math.Abs(float64(sum)-1) > 1e-6 {
		t.Errorf("mixed targets %v sum to %g", row, sum)
	}
}

func TestGreyImagesPassTheWholePipeline(t *testing.T) {
	p := PaperTrain()
	p.Size, p.Stats = 28, FashionMNIST()
	p.Jitter = &Jitter{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1}
	m := fill(28, 28, []uint8{90})
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 7)
	}
	dst, other := make([]float32, 28*28), make([]float32, 28*28)
	changed := 0
	for i := range uint64(300) {
		p.Apply(dst, m, NewDraws(1, "grey", i))
		p.Apply(other, m, NewDraws(1, "grey", i))
		same := true
		for k, v := range dst {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("draw %d gave %g", i, v)
			}
			if v != other[k] {
				t.Fatalf("draw %d gave two results", i)
			}
			same = same && v == dst[0]
		}
		if !same {
			changed++
		}
	}
	if changed < 200 {
		t.Errorf("only %d of 300 results show a picture", changed)
	}
}

func TestChannelsAreConverted(t *testing.T) {
	e := SmallEval(2, ImageNet())
	grey := Image{H: 2, W: 2, C: 1, Pix: []uint8{0, 255, 10, 20}}
	a, b := make([]float32, 12), make([]float32, 12)
	e.Apply(a, grey, nil)
	e.Apply(b, RGB(grey), nil)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("grey gives %v, the same in colour %v", a, b)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	train := func(change func(*Train)) Pipeline {
		p := PaperTrain()
		change(&p)
		return p
	}
	for _, c := range []struct {
		p    Pipeline
		want string
	}{
		{train(func(p *Train) { p.Size = 0 }), "size is 0"},
		{train(func(p *Train) { p.Filter = "lanczos" }), `filter is "lanczos"`},
		{train(func(p *Train) { p.Stats.Std = p.Stats.Std[:2] }), "3 means and 2 deviations"},
		{train(func(p *Train) { p.Stats.Std = []float32{1, 0, 1} }), "channel 1 is 0"},
		{train(func(p *Train) { p.Crop.Scale[0] = 2 }), "crop.scale is 2 to 1"},
		{train(func(p *Train) { p.Crop.Ratio[0] = 0 }), "crop.ratio is 0"},
		{train(func(p *Train) { p.Pad = -1 }), "pad is -1"},
		{train(func(p *Train) { p.Flip = 1.5 }), "flip is 1.5"},
		{train(func(p *Train) { p.Rand.Layers = 0 }), "rand.layers is 0"},
		{train(func(p *Train) { p.Jitter = &Jitter{Hue: 0.6} }), "jitter.hue is 0.6"},
		{train(func(p *Train) { p.Erase.MinRatio = 0 }), "erase.min_ratio is 0"},
		{train(func(p *Train) { p.Erase.MaxArea = 0.01 }), "erase area is 0.02 to 0.01"},
		{Eval{Size: 3, Resize: -1}, "resize is -1"},
	} {
		if err := c.p.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected an error with %q", err, c.want)
		}
	}
	for _, p := range []Pipeline{PaperTrain(), PaperEval(), SmallTrain(28, FashionMNIST()), SmallEval(32, CIFAR10())} {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	}
	if err := (Mix{Mixup: 1.2}).Check(); err == nil || !strings.Contains(err.Error(), "mixup is 1.2") {
		t.Errorf("got %v", err)
	}
	if err := PaperMix().Check(); err != nil {
		t.Error(err)
	}
}
