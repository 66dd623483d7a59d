package weights

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// format describes a narrow float by its numbers, so that one test serves both.
type format struct {
	name                   string
	exponent, fraction     int // bits
	widen                  func(uint16) float32
	narrow                 func(float32) uint16
	largest, overflowsFrom float64
}

var formats = []format{
	{"f16", 5, 10, F16ToF32, F32ToF16, 65504, 65520},
	{"bf16", 8, 7, BF16ToF32, F32ToBF16, 0x1.FEp127, 0x1.FFp127},
}

// value is the definition: (-1)^sign * 2^(e-bias) * 1.fraction, denormals with 0.fraction at the smallest exponent.
func (f format) value(h uint16) float64 {
	sign := 1 - 2*float64(h>>15)
	e := int(h >> f.fraction & (1<<f.exponent - 1))
	frac := float64(h&(1<<f.fraction-1)) / float64(int(1)<<f.fraction)
	bias := 1<<(f.exponent-1) - 1
	switch {
	case e == 1<<f.exponent-1 && frac != 0:
		return math.NaN()
	case e == 1<<f.exponent-1:
		return sign * math.Inf(1)
	case e == 0:
		return sign * math.Ldexp(frac, 1-bias)
	}
	return sign * math.Ldexp(1+frac, e-bias)
}

func TestHalfWidensExactly(t *testing.T) {
	for _, f := range formats {
		for h := range 1 << 16 {
			got, want := f.widen(uint16(h)), f.value(uint16(h))
			if math.IsNaN(want) {
				if got == got {
					t.Fatalf("%s %#04x: got %v, want NaN", f.name, h, got)
				}
				continue
			}
			if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
				t.Fatalf("%s %#04x: got %v, want %v", f.name, h, got, want)
			}
			if back := f.narrow(got); back != uint16(h) {
				t.Fatalf("%s %#04x: comes back as %#04x", f.name, h, back)
			}
		}
	}
}

// TestHalfRoundsToNearestEven looks at every pair of neighbours: the middle goes to the even one, a float32 above or
// below the middle goes to the nearer one.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for _, f := range formats {
		last := f.narrow(float32(f.largest))
		for h := uint16(0); h < last; h++ {
			middle := float32((f.value(h) + f.value(h+1)) / 2)
			even := h + h&1
			down, up := math.Nextafter32(middle, 0), math.Nextafter32(middle, float32(math.Inf(1)))
			for _, c := range []struct {
				x    float32
				want uint16
			}{{middle, even}, {down, h}, {up, h + 1}} {
				if got := f.narrow(c.x); got != c.want {
					t.Fatalf("%s(%v): got %#04x, want %#04x", f.name, c.x, got, c.want)
				}
				if got := f.narrow(-c.x); got != c.want|0x8000 {
					t.Fatalf("%s(%v): got %#04x, want %#04x", f.name, -c.x, got, c.want|0x8000)
				}
			}
		}
		below := math.Nextafter32(float32(f.overflowsFrom), 0)
		if got := f.narrow(below); got != last {
			t.Errorf("%s(%v): got %#04x, want the largest", f.name, below, got)
		}
		for _, x := range []float32{float32(f.overflowsFrom), math.MaxFloat32, float32(math.Inf(1))} {
			if got := f.widen(f.narrow(x)); !math.IsInf(float64(got), 1) {
				t.Errorf("%s(%v): got %v, want +Inf", f.name, x, got)
			}
		}
	}
}

func TestHalfKeepsNaN(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range formats {
		for range 10_000 {
			nan := math.Float32frombits(rng.Uint32() | 0x7f800000)
			if nan == nan {
				continue
			}
			if got := f.widen(f.narrow(nan)); got == got {
				t.Fatalf("%s of NaN %#08x is %v", f.name, math.Float32bits(nan), got)
			}
		}
		for _, bits := range []uint32{0x7f800001, 0xff800001, 0x7fffffff} {
			if got := f.widen(f.narrow(math.Float32frombits(bits))); got == got {
				t.Errorf("%s of NaN %#08x is %v", f.name, bits, got)
			}
		}
	}
}

func TestTensorValues(t *testing.T) {
	want := []float32{1, -0.5, float32(math.Inf(-1)), 65504}
	single := FromFloat32s("a", []int{2, 2}, want)
	for _, d := range []DType{F32, F16} {
		narrow, err := single.As(d)
		if err != nil || narrow.DType != d || len(narrow.Data) != 4*d.Bits()/8 {
			t.Fatalf("as %s: %v, %d bytes", d, err, len(narrow.Data))
		}
		if got, err := narrow.Float32s(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v, want %v", d, got, err, want)
		}
		if got, err := narrow.Float64s(); err != nil || got[3] != 65504 || got[1] != -0.5 {
			t.Errorf("%s: got %v, %v", d, got, err)
		}
		if back, err := narrow.As(F32); err != nil || !reflect.DeepEqual(back, single) {
			t.Errorf("%s back: got %v, %v", d, back, err)
		}
	}
	if bf, err := single.As(BF16); err != nil || bf.Data[6] != 0x80 || bf.Data[7] != 0x47 { // 65504 -> 65536
		t.Errorf("BF16: got %x, %v", bf.Data, err)
	}
	ints := []int32{1, -2, math.MinInt32}
	if got, err := FromInt32s("i", []int{3}, ints).Int32s(); err != nil || !reflect.DeepEqual(got, ints) {
		t.Errorf("got %v, %v", got, err)
	}
	double := Tensor{"d", F64, []int{}, []byte{0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f}}
	if got, err := double.Float64s(); err != nil || got[0] != 0.1 {
		t.Errorf("got %v, %v, want 0.1", got, err)
	}
}

func TestTensorValuesAreRefused(t *testing.T) {
	wide := Tensor{"w", I64, []int{1}, []byte{0, 0, 0, 0, 1, 0, 0, 0}}
	short := Tensor{"s", F32, []int{2}, make([]byte, 4)}
	double := Tensor{"d", F64, []int{1}, make([]byte, 8)}
	single := FromFloat32s("f", []int{1}, []float32{1})
	for _, c := range []struct {
		says string
		call func() error
	}{
		{`tensor "w": element 0 is 4294967296`, func() error { _, err := wide.Int32s(); return err }},
		{`tensor "s": F32[2] needs 8 bytes, got 4`, func() error { _, err := short.Float32s(); return err }},
		{`tensor "d": expected one of [F32 F16 BF16], got F64`, func() error { _, err := double.Float32s(); return err }},
		{`tensor "d": expected one of [F32 F16 BF16], got F64`, func() error { _, err := double.As(F32); return err }},
		{`tensor "w": expected one of [F64 F32 F16 BF16], got I64`, func() error { _, err := wide.Float64s(); return err }},
		{`tensor "f": expected one of [I32 I64], got F32`, func() error { _, err := single.Int32s(); return err }},
		{`tensor "f": convert F32 to I8`, func() error { _, err := single.As(I8); return err }},
	} {
		if err := c.call(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
	defer func() {
		if r := recover(); r == nil || !strings.HasPrefix(r.(string), "BUG: ") {
			t.Errorf("wrong number of values: got %v, want a panic with BUG", r)
		}
	}()
	FromFloat32s("x", []int{2}, []float32{1})
}
