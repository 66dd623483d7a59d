package measure

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dyt-go/dyt/internal/stat"
)

// shortest is what a sample takes at least, as far as repeating helps: 25,000 times what reading the clock costs.
const shortest = time.Millisecond

// fewest is the number of rounds that give an interval: for their sake a limit leaves out warm-ups but the first.
const fewest = 6

// timer is a Plan at work.
type timer struct {
	plan  Plan
	cases []Case
	rows  []Row
	roof  Roof
	peaks map[float64][]float64 // by bytes moved, 0 for arithmetic: one value a round
}

// run takes rounds until there are enough or the limit is over.
func (t *timer) run(ctx context.Context) error {
	warm, fastest := t.plan.WarmUp, time.Duration(math.MaxInt64)
	for round := 0; round < warm+t.plan.Count; round++ {
		start := t.plan.now()
		whole, err := t.round(ctx, round, warm)
		if err != nil || !whole {
			return err
		}
		if round >= warm {
			t.measureRoofs()
		}
		fastest = min(fastest, t.plan.now().Sub(start))
		if warm > round+1 && t.late(time.Duration(warm-round-1+fewest)*fastest) {
			warm = round + 1
		}
		if round >= warm && t.late(fastest) {
			return nil
		}
	}
	return nil
}

// late says whether the limit will be over when more has passed.
func (t *timer) late(more time.Duration) bool {
	return t.plan.Limit > 0 && t.plan.now().Sub(t.plan.Began)+more > t.plan.Limit
}

// round takes one sample of every case. It is not whole when the limit ended it: then its samples do not count, but that a
// case without any keeps its first.
func (t *timer) round(ctx context.Context, round, warm int) (whole bool, err error) {
	taken := make([]float64, len(t.cases))
	for k := range t.cases {
		i := k
		if round%2 == 1 {
			i = len(t.cases) - 1 - k
		}
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		if t.late(0) && round+k > 0 {
			return false, nil
		}
		if t.plan.Tell != nil {
			t.plan.Tell(Progress{Round: round + 1, Rounds: warm + t.plan.Count, Case: k + 1, Cases: len(t.cases),
				Next: t.rows[i].Op + " " + t.rows[i].name(), Since: t.plan.now().Sub(t.plan.Began)})
		}
		if taken[i], err = t.sample(i); err != nil {
			c := t.cases[i]
			return false, fmt.Errorf("measure: %s %s %s %v: %w", c.Op, c.Norm, c.Mode, c.Shape, err)
		}
	}
	for i := range t.rows {
		r := &t.rows[i]
		switch {
		case round >= warm && r.Cold:
			r.Samples, r.Cold = []float64{taken[i]}, false
		case round >= warm:
			r.Samples = append(r.Samples, taken[i])
		default:
			r.Repeats = max(1, int(math.Ceil(float64(shortest.Nanoseconds())/taken[i])))
		}
	}
	return true, nil
}

// sample returns the nanoseconds that one run of case i takes. The first is kept as cold until better ones are there.
func (t *timer) sample(i int) (float64, error) {
	r, start := &t.rows[i], t.plan.now()
	for range r.Repeats {
		if err := t.cases[i].Run(); err != nil {
			return 0, err
		}
	}
	ns := float64(t.plan.now().Sub(start).Nanoseconds()) / float64(r.Repeats)
	if r.Samples == nil {
		r.Samples, r.Cold = []float64{ns}, true
	}
	return ns, nil
}

// measureRoofs measures what the machine can do now.
func (t *timer) measureRoofs() {
	for _, bytes := range t.sizes() {
		if bytes == 0 {
			t.peaks[0] = append(t.peaks[0], t.roof.GFLOPS())
		} else {
			t.peaks[bytes] = append(t.peaks[bytes], t.roof.Copy(int(bytes/2)))
		}
	}
}

// sizes lists the roofs that the cases need.
func (t *timer) sizes() []float64 {
	var list []float64
	for _, c := range t.cases {
		if c.Roof {
			continue
		}
		if c.Flops == 0 && c.Bytes > 0 {
			list = append(list, c.Bytes)
		} else if c.Flops > 0 {
			list = append(list, 0)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// finish drops what did not run and derives the figures of the rest.
func (t *timer) finish() []Row {
	if len(t.peaks) == 0 {
		t.measureRoofs()
	}
	var ran []Row
	for i, c := range t.cases {
		if t.rows[i].Samples == nil {
			continue
		}
		t.derive(&t.rows[i], c)
		ran = append(ran, t.rows[i])
	}
	for i := range ran {
		if base := identityOf(ran, ran[i]); base != nil {
			ran[i].Ratio = ran[i].Median / base.Median
			if ran[i].Op == "model" && base != &ran[i] {
				ran[i].above(base)
			}
		}
	}
	return ran
}

// derive sets what follows from the samples of one case.
func (t *timer) derive(r *Row, c Case) {
	r.Median, r.CI95 = stat.Median(r.Samples), interval(r.Samples)
	if r.Cold {
		r.Repeats = 1
	}
	if c.Rows > 0 {
		r.PerRow = r.Median / float64(c.Rows)
	}
	r.GFLOPS, r.GBPS = c.Flops/r.Median, c.Bytes/r.Median
	switch {
	case c.Roof:
	case c.Flops > 0:
		r.OfRoof = r.GFLOPS / stat.Median(t.peaks[0])
	case c.Bytes > 0:
		r.OfRoof = r.GBPS / stat.Median(t.peaks[c.Bytes])
	}
}
