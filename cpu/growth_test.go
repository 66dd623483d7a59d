//go:build unix

package cpu_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
)

// Whatever grows, a step's time grows no faster than its arithmetic: a multiply-add of no size takes more than twice as long as one of
// the smallest, where overheads weigh most. One thread, processor time, of each size the quickest of runs that take turns: where other
// programs want the processor too, a short run often ends before it is interrupted and a long one never, so the clock on the wall
// would show growth. Noise only adds, so there are more rounds while a size is above the limit.
func TestTimeGrowsNoFasterThanArithmetic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes time")
	}
	const limit = 2 // 1.33 was the most that was seen in three runs beside others, of eight layers
	t.Setenv("DYT_THREADS", "1")
	cases, err := measure.Growth(openBackend(t, ""), norm.DyT, measure.Llama{Width: 128, Layers: 1, Tokens: 128})
	fatal(t, err)
	quickest := make([]time.Duration, len(cases))
	relative := func(i int) float64 { // the time of a floating-point operation, the smallest one's is 1
		first := i
		for first > 0 && cases[first-1].Mode == cases[i].Mode {
			first--
		}
		return quickest[i].Seconds() / cases[i].Flops / (quickest[first].Seconds() / cases[first].Flops)
	}
	beyond := func() bool {
		for i := range cases {
			if relative(i) > limit {
				return true
			}
		}
		return false
	}
	for round := 0; round < 5 || round < 25 && beyond(); round++ {
		for i, c := range cases {
			for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
				start := processorTime(t)
				fatal(t, c.Run())
				if took := processorTime(t) - start; quickest[i] == 0 || took < quickest[i] {
					quickest[i] = took
				}
			}
		}
	}
	for i, c := range cases {
		t.Logf("%s %v: %v, %.2f of the smallest one's time for the same arithmetic", c.Mode, c.Shape, quickest[i], relative(i))
		if relative(i) > limit {
			t.Errorf("%s %v: %.2f times the smallest one's time for the same arithmetic, expected at most %d", c.Mode, c.Shape, relative(i), limit)
		}
	}
}

// processorTime is what this process has had of the processors so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	fatal(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
