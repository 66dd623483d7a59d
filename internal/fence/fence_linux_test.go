package fence

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// recorder is a test that fails in vain.
type recorder struct {
	testing.TB
	text string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) + "\n" }

// A read or a write right beside an array is found on either side, with its place, and one inside is not.
func TestFindsWhatIsTouchedBeside(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1024, 1025} {
		for _, at := range []int{-1, 0, n - 1, n} {
			for _, write := range []bool{false, true} {
				r := &recorder{TB: t}
				Check(r, "f", func(place Place) {
					place(make([]float32, 5))
					x := place(make([]float32, n))
					p := (*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 4*at))
					if write {
						*p = 1
					} else if *p != 0 {
						t.Error("not 0")
					}
				})
				want := ""
				if at < 0 || at >= n {
					want = fmt.Sprintf("f: touches memory %d floats from the beginning of array 1 of 2, which has %d\n", at, n)
				}
				if n > 0 && r.text != want || n == 0 && !strings.Contains(r.text, "array 1 of 2") {
					t.Errorf("array of %d, at %d, write %v: got %q, want %q", n, at, write, r.text, want)
				}
			}
		}
	}
}

// What else goes wrong is not taken for a touch.
func TestPanicsGoOn(t *testing.T) {
	defer func() {
		if got := recover(); got != "other" {
			t.Errorf("got %v", got)
		}
	}()
	Check(t, "f", func(Place) { panic("other") })
}
