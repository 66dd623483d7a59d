package cpu_test

import (
	"testing"
	"time"

	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
)

// Whatever grows, a step's time grows no faster than its arithmetic: a multiply-add of no size takes more than twice as long as one of
// the smallest, where overheads weigh most. One thread, and of each size the quickest of runs that take turns, since other programs
// run here too: 1.33 was the most that was seen in three runs beside others, of eight layers.
func TestTimeGrowsNoFasterThanArithmetic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes time")
	}
	t.Setenv("DYT_THREADS", "1")
	cases, err := measure.Growth(openBackend(t, ""), norm.DyT, measure.Llama{Width: 128, Layers: 1, Tokens: 128})
	fatal(t, err)
	quickest := make([]time.Duration, len(cases))
	for range 5 {
		for i, c := range cases {
			for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
				start := time.Now()
				fatal(t, c.Run())
				if took := time.Since(start); quickest[i] == 0 || took < quickest[i] {
					quickest[i] = took
				}
			}
		}
	}
	var first float64 // seconds for a floating-point operation
	for i, c := range cases {
		each := quickest[i].Seconds() / c.Flops
		if i == 0 || c.Mode != cases[i-1].Mode {
			first = each
		}
		t.Logf("%s %v: %v, %.2f of the smallest one's time for the same arithmetic", c.Mode, c.Shape, quickest[i], each/first)
		if each > 2*first {
			t.Errorf("%s %v: %.2f times the smallest one's time for the same arithmetic, expected at most 2", c.Mode, c.Shape, each/first)
		}
	}
}
