package augment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

// script gives the numbers that timm was given, and fails when another kind of number is asked for.
type script struct {
	t                  *testing.T
	name               string
	kind, bound, value []float64
}

func newScript(t *testing.T, f *golden.Fixture, name string) *script {
	v, shape := f.F64(name)
	n := shape[1]
	return &script{t, name, v[:n], v[n : 2*n], v[2*n:]}
}

func (s *script) next(kind, bound float64) float64 {
	s.t.Helper()
	if len(s.value) == 0 {
		s.t.Fatalf("%s: asked for one number more than timm took", s.name)
	}
	if s.kind[0] != kind || s.bound[0] != bound {
		s.t.Fatalf("%s: asked for kind %g below %g, timm took kind %g below %g", s.name, kind, bound, s.kind[0], s.bound[0])
	}
	v := s.value[0]
	s.kind, s.bound, s.value = s.kind[1:], s.bound[1:], s.value[1:]
	return v
}

func (s *script) Float64() float64     { return s.next(0, 0) }
func (s *script) IntN(n int) int       { return int(s.next(1, float64(n))) }
func (s *script) NormFloat64() float64 { return s.next(2, 0) }

// end fails when timm took more numbers.
func (s *script) end() {
	s.t.Helper()
	if len(s.value) > 0 {
		s.t.Errorf("%s: timm took %d numbers more", s.name, len(s.value))
	}
}

// trials returns the names in front of ".draws".
func trials(t *testing.T, f *golden.Fixture) (names []string) {
	for _, n := range f.Names() {
		if name, ok := strings.CutSuffix(n, ".draws"); ok {
			names = append(names, name)
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d trials in %s", len(names), f.Path)
	}
	return names
}

func checkRect(t *testing.T, f *golden.Fixture, name string, got Rect) {
	t.Helper()
	want, _ := f.I32(name + ".rect")
	if w := (Rect{int(want[0]), int(want[1]), int(want[2]), int(want[3])}); got != w {
		t.Errorf("%s: got %+v, expected %+v", name, got, w)
	}
}

func TestRandomResizedCropChoosesAsTimm(t *testing.T) {
	f := golden.Load(t, "image", "resized_crop_choice")
	for _, name := range trials(t, f) {
		size, _ := f.I32(name + ".image")
		r, _ := f.F64(name + ".range")
		s := newScript(t, f, name+".draws")
		c := RandomResizedCrop{Scale: [2]float64{r[0], r[1]}, Ratio: [2]float64{r[2], r[3]}}
		checkRect(t, f, name, c.Choose(int(size[0]), int(size[1]), s))
		s.end()
	}
}

func TestEraseChoosesAsTimm(t *testing.T) {
	f := golden.Load(t, "image", "erase_choice")
	for _, name := range trials(t, f) {
		size, _ := f.I32(name + ".image")
		p, _ := f.F64(name + ".prob")
		s := newScript(t, f, name+".draws")
		e := PaperErase()
		e.Prob = p[0]
		h, w := int(size[0]), int(size[1])
		r := e.Choose(h, w, s)
		checkRect(t, f, name, r)
		// timm also fills the rectangle; its numbers are not in this fixture.
		s.end()
	}
}

func TestRandAugmentChoosesAsTimm(t *testing.T) {
	f := golden.Load(t, "image", "rand_augment_choice")
	var names []string
	for _, op := range RandOps() {
		names = append(names, op.Name)
	}
	if got := strings.Join(names, ","); got != f.Meta("names") {
		t.Fatalf("operations are %s, expected %s", got, f.Meta("names"))
	}
	count, worst := map[string]int{}, 0.0
	for _, name := range trials(t, f) {
		s := newScript(t, f, name+".draws")
		got := PaperRandAugment().Choose(s)
		s.end()
		want, shape := f.F64(name + ".chosen")
		if len(got) != shape[0] {
			t.Fatalf("%s: got %v, expected %v", name, got, want)
		}
		for i, c := range got {
			if float64(c.Op) != want[2*i] {
				t.Errorf("%s: operation %d is %v, expected number %g", name, i, c, want[2*i])
			}
			d := math.Abs(c.Arg - want[2*i+1])
			if d > f.Tolerance().Abs+f.Tolerance().Rel*math.Abs(want[2*i+1]) {
				t.Errorf("%s: %v, expected argument %g", name, c, want[2*i+1])
			}
			count[names[c.Op]]++
			worst = max(worst, d)
		}
	}
	for _, n := range names {
		if count[n] == 0 {
			t.Errorf("%s was never chosen: the fixture does not cover it", n)
		}
	}
	t.Logf("times chosen %v, largest difference of an argument %g", count, worst)
}

// The argument rules at whole levels, by hand from timm's ranges.
func TestLevelsBecomeArguments(t *testing.T) {
	never := &fixed{u: 0.5} // 0.5 is not above 0.5: the sign stays
	for _, c := range []struct {
		op       string
		at0, at9 float64
		at10     float64
	}{
		{"Rotate", 0, 27, 30},
		{"PosterizeIncreasing", 4, 1, 0},
		{"SolarizeIncreasing", 256, 26, 0},
		{"SolarizeAdd", 0, 99, 110},
		{"ColorIncreasing", 1, 1.81, 1.9},
		{"ShearX", 0, 0.27, 0.3},
		{"TranslateYRel", 0, 0.405, 0.45},
	} {
		i := slices.IndexFunc(RandOps(), func(o RandOp) bool { return o.Name == c.op })
		for level, want := range map[float64]float64{0: c.at0, 9: c.at9, 10: c.at10} {
			if got := RandOps()[i].argument(level, never); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s at level %g: got %g, expected %g", c.op, level, got, want)
			}
		}
	}
	if got := enhanceFactor(10, &fixed{u: 0.6}); math.Abs(got-0.1) > 1e-12 {
		t.Errorf("the weakest enhancement is %g, expected 0.1", got)
	}
}

// fixed gives the same numbers again and again.
type fixed struct {
	u float64
	n int
}

func (f *fixed) Float64() float64     { return f.u }
func (f *fixed) IntN(n int) int       { return min(f.n, n-1) }
func (f *fixed) NormFloat64() float64 { return 0 }

func TestJitterStaysInItsRange(t *testing.T) {
	j := Jitter{Brightness: 0.4, Contrast: 0.4, Saturation: 1.5, Hue: 0.1}
	orders := map[string]bool{}
	lo, hi := JitterChoice{Brightness: 9, Saturation: 9, Hue: 9}, JitterChoice{Hue: -9}
	for i := range 2000 {
		c := j.Choose(NewDraws(1, "jitter", uint64(i)))
		orders[fmt.Sprint(c.Order)] = true
		lo.Brightness, hi.Brightness = min(lo.Brightness, c.Brightness), max(hi.Brightness, c.Brightness)
		lo.Saturation, hi.Saturation = min(lo.Saturation, c.Saturation), max(hi.Saturation, c.Saturation)
		lo.Hue, hi.Hue = min(lo.Hue, c.Hue), max(hi.Hue, c.Hue)
	}
	if len(orders) != 24 {
		t.Errorf("%d orders, expected all 24", len(orders))
	}
	for _, c := range []struct {
		name                   string
		lo, hi, wantLo, wantHi float64
	}{
		{"brightness", lo.Brightness, hi.Brightness, 0.6, 1.4},
		{"saturation", lo.Saturation, hi.Saturation, 0, 2.5},
		{"hue", lo.Hue, hi.Hue, -0.1, 0.1},
	} {
		width := (c.wantHi - c.wantLo) / 100
		if c.lo < c.wantLo || c.lo > c.wantLo+width || c.hi > c.wantHi || c.hi < c.wantHi-width {
			t.Errorf("%s runs from %g to %g, expected %g to %g", c.name, c.lo, c.hi, c.wantLo, c.wantHi)
		}
	}
	if c := (Jitter{}).Choose(NewDraws(1, "jitter")); c.Brightness != 1 || c.Contrast != 1 || c.Saturation != 1 || c.Hue != 0 {
		t.Errorf("no jitter chose %+v", c)
	}
}

// The order matters, and an operation at "no change" is left out: Hue(m, 0) would move levels.
func TestJitterAppliesInItsOrder(t *testing.T) {
	m := Image{H: 1, W: 2, C: 3, Pix: []uint8{10, 60, 200, 90, 90, 30}}
	c := JitterChoice{Order: [4]int{1, 0, 3, 2}, Brightness: 1.4, Contrast: 0.6, Saturation: 1, Hue: 0}
	if got, want := c.Apply(m), Brightness(Contrast(m, 0.6), 1.4); string(got.Pix) != string(want.Pix) {
		t.Errorf("got %v, expected %v", got.Pix, want.Pix)
	}
	c.Order = [4]int{0, 1, 2, 3}
	if got, want := c.Apply(m), Contrast(Brightness(m, 1.4), 0.6); string(got.Pix) != string(want.Pix) {
		t.Errorf("got %v, expected %v", got.Pix, want.Pix)
	}
	c = JitterChoice{Order: [4]int{3, 2, 1, 0}, Brightness: 1, Contrast: 1, Saturation: 0.5, Hue: 0.2}
	if got, want := c.Apply(m), Color(Hue(m, 0.2), 0.5); string(got.Pix) != string(want.Pix) {
		t.Errorf("got %v, expected %v", got.Pix, want.Pix)
	}
}

func TestPaddedCropReachesEveryPlace(t *testing.T) {
	seen := map[Rect]bool{}
	for i := range 2000 {
		seen[choosePadded(32, 32, 32, 4, NewDraws(2, "crop", uint64(i)))] = true
	}
	if len(seen) != 81 {
		t.Errorf("%d places, expected 9 x 9", len(seen))
	}
	for r := range seen {
		if r.Top < -4 || r.Top > 4 || r.Left < -4 || r.Left > 4 || r.H != 32 || r.W != 32 {
			t.Errorf("%+v is out of range", r)
		}
	}
}

func TestDrawsBelongToTheirPath(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(3) {
		for epoch := range uint64(3) {
			for i := range uint64(3) {
				name := fmt.Sprint(seed, epoch, i)
				v := NewDraws(seed, "sample", epoch, i).Uint64()
				if other, ok := seen[v]; ok {
					t.Errorf("%s and %s draw the same", name, other)
				}
				seen[v] = name
				if NewDraws(seed, "sample", epoch, i).Uint64() != v {
					t.Errorf("%s does not draw the same twice", name)
				}
			}
		}
	}
	if NewDraws(1, "a").Uint64() == NewDraws(1, "b").Uint64() {
		t.Error("the purpose makes no difference")
	}
}

// The numbers are part of what a seed means: a change here changes every run with augmentation. Recorded from math/rand/v2 of
// Go 1.26; the standard library keeps the streams of its named generators.
func TestDrawsDoNotChange(t *testing.T) {
	d := NewDraws(42, "sample", 3, 7)
	if got, want := fmt.Sprintf("%.6f %d %.6f", d.Float64(), d.IntN(1000), d.NormFloat64()), "0.952590 66 -0.472538"; got != want {
		t.Errorf("got %s, expected %s", got, want)
	}
}

func TestBetaHasItsDistribution(t *testing.T) {
	f := golden.Load(t, "image", "beta")
	points, _ := f.F64("points")
	const n = 40000
	for _, a := range []float64{0.1, 0.5, 0.8, 1} {
		cdf, _ := f.F64(fmt.Sprintf("cdf %.1f", a))
		d := NewDraws(5, "beta", math.Float64bits(a))
		below := make([]int, len(points))
		for range n {
			v := beta(d, a)
			if !(0 <= v && v <= 1) {
				t.Fatalf("Beta(%g) gave %g", a, v)
			}
			for i, p := range points {
				if v <= p {
					below[i]++
				}
			}
		}
		worst := 0.0
		for i := range points {
			worst = max(worst, math.Abs(float64(below[i])/n-cdf[i]))
		}
		if worst > f.Tolerance().Abs {
			t.Errorf("Beta(%g): distance %g from the distribution function", a, worst)
		}
		t.Logf("Beta(%g): distance %.4f", a, worst)
	}
}

// At a tiny parameter u^(1/a) underflows to 0 for both numbers; the quotient must still be a number.
func TestBetaSurvivesUnderflow(t *testing.T) {
	for i := range uint64(200) {
		if v := beta(NewDraws(i, "underflow"), 1e-4); !(0 <= v && v <= 1) {
			t.Fatalf("got %g", v)
		}
	}
}
