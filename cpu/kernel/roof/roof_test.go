package roof

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/fma"
	"github.com/dyt-go/dyt/internal/par"
)

// Every chain of every flavour does the arithmetic that is counted.
func TestLoopsComputeWhatTheyCount(t *testing.T) {
	const n, x, y = 37, float32(0.75), float32(0.3)
	for _, l := range Loops() {
		sums := make([]float32, chains*l.lanes)
		for i := range sums {
			sums[i] = float32(i) - 5
		}
		l.run(sums, x, y, n)
		for i, got := range sums {
			want := float32(i) - 5
			for range n {
				want = fma.Float32(x, want, y)
			}
			// In a round the reference may round twice and fma.Float32 rounds once, 2 half-ULP apart at most; what is
			// there shrinks by x in the next round, so that 2/(1-x) = 8 half-ULP are never passed.
			if math.Abs(float64(got-want)) > 8*0x1p-24*math.Abs(float64(want)) {
				t.Errorf("%s: chain value %d is %v, expected %v", l.Flavour, i, got, want)
			}
		}
	}
}

func TestFiguresArePlausible(t *testing.T) {
	pool := par.New(1)
	defer pool.Close()
	for _, l := range Loops() {
		// Between a hundredth of one and 64 operations a cycle of 10 GHz: a wrong unit or count falls outside.
		if got := l.GFLOPS(pool); got < 0.01 || got > 640 {
			t.Errorf("%s: %v GFLOP/s", l.Flavour, got)
		}
	}
	if got := NewCopier(1 << 20).GBPerSecond(pool); got < 0.01 || got > 10000 {
		t.Errorf("copy: %v GB/s", got)
	}
}

func TestCopierCopies(t *testing.T) {
	c := NewCopier(1<<20 + 13)
	pool := par.New(3)
	defer pool.Close()
	c.GBPerSecond(pool)
	for i := range c.to {
		if c.to[i] != byte(i) {
			t.Fatalf("byte %d is %d, expected %d", i, c.to[i], byte(i))
		}
	}
}

func BenchmarkPeak(b *testing.B) {
	for _, l := range Loops() {
		b.Run(string(l.Flavour), func(b *testing.B) {
			threads, err := par.Threads()
			if err != nil {
				b.Fatal(err)
			}
			pool := par.New(threads)
			defer pool.Close()
			best := 0.0
			for b.Loop() {
				best = max(best, l.GFLOPS(pool))
			}
			b.ReportMetric(best, "GFLOP/s")
		})
	}
}

func BenchmarkCopy(b *testing.B) {
	threads, err := par.Threads()
	if err != nil {
		b.Fatal(err)
	}
	pool := par.New(threads)
	defer pool.Close()
	c := NewCopier(128 << 20)
	best := 0.0
	for b.Loop() {
		best = max(best, c.GBPerSecond(pool))
	}
	b.ReportMetric(best, "GB/s")
}
