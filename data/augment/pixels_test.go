package augment

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

// picture reads a tensor of levels, [H, W] or [H, W, 3].
func picture(t *testing.T, f *golden.Fixture, name string) Image {
	t.Helper()
	tensor := f.Tensor(name)
	m := Image{H: tensor.Shape[0], W: tensor.Shape[1], C: 1, Pix: tensor.Data}
	if len(tensor.Shape) == 3 {
		m.C = tensor.Shape[2]
	}
	if err := m.Check(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// difference returns the largest difference of levels and where it is; sizes must agree.
func difference(t *testing.T, got, want Image) (most int, where string) {
	t.Helper()
	if got.H != want.H || got.W != want.W || got.C != want.C {
		t.Fatalf("got %d x %d x %d, expected %d x %d x %d", got.H, got.W, got.C, want.H, want.W, want.C)
	}
	for i, v := range want.Pix {
		if d := max(int(v)-int(got.Pix[i]), int(got.Pix[i])-int(v)); d > most {
			most = d
			where = fmt.Sprintf("row %d, column %d, channel %d: got %d, expected %d", i/want.C/want.W, i/want.C%want.W, i%want.C, got.Pix[i], v)
		}
	}
	return most, where
}

// ops are the operations as the fixtures name them; a are the numbers behind the name, s the last word.
var ops = map[string]func(m Image, a []float64, s string) Image{
	"flip":   func(m Image, _ []float64, _ string) Image { return FlipH(m) },
	"center": func(m Image, a []float64, _ string) Image { return CenterCrop(m, int(a[0])) },
	"crop": func(m Image, a []float64, _ string) Image {
		return Crop(m, Rect{int(a[0]), int(a[1]), int(a[2]), int(a[3])})
	},
	"resize":  func(m Image, a []float64, s string) Image { return Resize(m, int(a[0]), int(a[1]), Filter(s)) },
	"shorter": func(m Image, a []float64, s string) Image { return ResizeShorter(m, int(a[0]), Filter(s)) },
	"resized_crop": func(m Image, a []float64, s string) Image {
		return Resize(Crop(m, Rect{int(a[0]), int(a[1]), int(a[2]), int(a[3])}), int(a[4]), int(a[4]), Filter(s))
	},
	"rotate":        func(m Image, a []float64, s string) Image { return Rotate(m, a[0], Filter(s), colourOf(m)) },
	"shear_x":       func(m Image, a []float64, s string) Image { return ShearX(m, a[0], Filter(s), colourOf(m)) },
	"shear_y":       func(m Image, a []float64, s string) Image { return ShearY(m, a[0], Filter(s), colourOf(m)) },
	"translate_x":   func(m Image, a []float64, s string) Image { return TranslateX(m, a[0], Filter(s), colourOf(m)) },
	"translate_y":   func(m Image, a []float64, s string) Image { return TranslateY(m, a[0], Filter(s), colourOf(m)) },
	"invert":        func(m Image, _ []float64, _ string) Image { return Invert(m) },
	"auto_contrast": func(m Image, _ []float64, _ string) Image { return AutoContrast(m) },
	"equalize":      func(m Image, _ []float64, _ string) Image { return Equalize(m) },
	"posterize":     func(m Image, a []float64, _ string) Image { return Posterize(m, int(a[0])) },
	"solarize":      func(m Image, a []float64, _ string) Image { return Solarize(m, int(a[0])) },
	"solarize_add":  func(m Image, a []float64, _ string) Image { return SolarizeAdd(m, int(a[0])) },
	"brightness":    func(m Image, a []float64, _ string) Image { return Brightness(m, a[0]) },
	"contrast":      func(m Image, a []float64, _ string) Image { return Contrast(m, a[0]) },
	"color":         func(m Image, a []float64, _ string) Image { return Color(m, a[0]) },
	"sharpness":     func(m Image, a []float64, _ string) Image { return Sharpness(m, a[0]) },
	"hue":           func(m Image, a []float64, _ string) Image { return Hue(m, a[0]) },
	"grey":          func(m Image, _ []float64, _ string) Image { return Grey(m) },
}

func colourOf(m Image) []uint8 { return []uint8{124, 116, 104}[:m.C] }

func TestPixelsAreThoseOfPillow(t *testing.T) {
	for _, room := range []string{"crop", "resize", "affine", "levels", "enhance", "hue"} {
		f := golden.Load(t, "image", room)
		worst := map[string]int{}
		done := 0
		for _, name := range f.Names() {
			parts := strings.SplitN(name, ".", 3) // picture, colour, operation
			if len(parts) < 3 {
				continue
			}
			src := picture(t, f, parts[0]+"."+parts[1])
			before := string(src.Pix)
			words := strings.Fields(parts[2])
			var numbers []float64
			for _, w := range words[1:] {
				if v, err := strconv.ParseFloat(w, 64); err == nil {
					numbers = append(numbers, v)
				}
			}
			got := ops[words[0]](src, numbers, words[len(words)-1])
			d, where := difference(t, got, picture(t, f, name))
			if float64(d) > f.Tolerance().Abs {
				t.Errorf("%s: differs by %d levels: %s", name, d, where)
			}
			if string(src.Pix) != before {
				t.Errorf("%s: the operation wrote into its argument", name)
			}
			worst[words[0]] = max(worst[words[0]], d)
			done++
		}
		if done < 12 {
			t.Errorf("%s: only %d pictures compared", room, done)
		}
		t.Logf("%s: %d pictures, largest difference in levels for each operation: %v", room, done, worst)
	}
}

// torchvision's whole ColorJitter: the four operations in the order it drew, at the factors it drew.
func TestJitterIsTorchvisionsColorJitter(t *testing.T) {
	f := golden.Load(t, "image", "jitter")
	done, orders := 0, map[[4]int]bool{}
	for _, name := range f.Names() {
		name, ok := strings.CutSuffix(name, ".chosen")
		if !ok {
			continue
		}
		v, _ := f.F64(name + ".chosen")
		c := JitterChoice{Order: [4]int{int(v[0]), int(v[1]), int(v[2]), int(v[3])}, Brightness: v[4], Contrast: v[5], Saturation: v[6], Hue: v[7]}
		if d, where := difference(t, c.Apply(picture(t, f, name+".image")), picture(t, f, name+".result")); float64(d) > f.Tolerance().Abs {
			t.Errorf("%s: %+v: differs by %d levels: %s", name, c, d, where)
		}
		done++
		orders[c.Order] = true
	}
	if done < 12 || len(orders) < 6 {
		t.Errorf("only %d pictures in %d orders", done, len(orders))
	}
}

func TestGreyAndRGBGoRound(t *testing.T) {
	m := Image{H: 1, W: 3, C: 1, Pix: []uint8{0, 77, 255}}
	if got := Grey(RGB(m)); string(got.Pix) != string(m.Pix) {
		t.Errorf("got %v, expected %v", got.Pix, m.Pix)
	}
}

func TestImageCheckNamesTheFault(t *testing.T) {
	for _, c := range []struct {
		m    Image
		want string
	}{
		{Image{H: 0, W: 3, C: 3}, "0 x 3"},
		{Image{H: 2, W: 3, C: 4, Pix: make([]uint8, 24)}, "of 4"},
		{Image{H: 2, W: 3, C: 3, Pix: make([]uint8, 17)}, "18 levels, got 17"},
	} {
		if err := c.m.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected an error with %q", err, c.want)
		}
	}
}
