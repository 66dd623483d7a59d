// Package roof measures what the machine can do at best: multiply-adds from registers, and bytes copied. Every figure of a
// benchmark is read beside these, measured in the same run, because clocks drift and neighbours come and go.
//
// It judges nothing and knows no graph. Read this file first.
package roof

import (
	"time"

	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/par"
)

// Loop is the arithmetic of one flavour.
type Loop struct {
	Flavour cpuid.Flavour

	// run computes, n times and for every i < len(sums), all chains side by side:
	//
	//	sums[i] = x*sums[i] + y    // fused, but in the reference
	//
	// len(sums) is chains*lanes, n > 0. No memory is touched between the first and the last time.
	run   func(sums []float32, x, y float32, n int)
	lanes int
}

const chains = 12

// Loops lists the loops that this build has and this machine can run, the slowest first.
func Loops() []Loop {
	var list []Loop
	for _, l := range append([]Loop{{cpuid.Ref, reference, 1}}, assembly...) {
		if cpuid.Has(l.Flavour) {
			list = append(list, l)
		}
	}
	return list
}

// reference is the loop in Go: scalar, the product rounded before the sum where the machine has no fused form.
func reference(sums []float32, x, y float32, n int) {
	s := (*[chains]float32)(sums)
	a, b, c, d, e, f := s[0], s[1], s[2], s[3], s[4], s[5]
	g, h, i, j, k, l := s[6], s[7], s[8], s[9], s[10], s[11]
	for range n {
		a, b, c, d, e, f = x*a+y, x*b+y, x*c+y, x*d+y, x*e+y, x*f+y
		g, h, i, j, k, l = x*g+y, x*h+y, x*i+y, x*j+y, x*k+y, x*l+y
	}
	*s = [chains]float32{a, b, c, d, e, f, g, h, i, j, k, l}
}

// GFLOPS runs the loop on every worker of pool for about 2 ms each and returns 1e9 floating-point operations per second, a
// multiply-add counted as two.
func (l Loop) GFLOPS(pool *par.Pool) float64 {
	n := 1000
	l.once(pool, n)
	for {
		took := l.once(pool, n)
		if took > time.Millisecond {
			n = int(float64(n) * 2 * float64(time.Millisecond) / float64(took))
			took = l.once(pool, n)
			return l.Flops(pool, n) / float64(took.Nanoseconds())
		}
		n *= 2
	}
}

// Flops is the number of operations of n rounds on all workers of pool.
func (l Loop) Flops(pool *par.Pool, n int) float64 {
	return 2 * float64(chains*l.lanes) * float64(n) * float64(pool.Size())
}

// Run does n rounds on every worker of pool.
func (l Loop) Run(pool *par.Pool, n int) { l.once(pool, n) }

// once returns the time that the slowest worker needs for n rounds, all started together.
func (l Loop) once(pool *par.Pool, n int) time.Duration {
	start := time.Time{}
	pool.Run(func(team *par.Team, worker int) {
		sums := make([]float32, chains*l.lanes)
		team.Barrier()
		if worker == 0 {
			start = time.Now()
		}
		l.run(sums, 0.999, 1e-3, max(n, 1))
		team.Barrier()
	})
	return time.Since(start)
}

// Copier copies between two arrays of its own.
type Copier struct{ from, to []byte }

// NewCopier returns a copier of arrays of the given size, which should be several times the last-level cache.
func NewCopier(bytes int) *Copier {
	c := &Copier{make([]byte, bytes), make([]byte, bytes)}
	for i := range c.from { // every page exists before the first measurement
		c.from[i], c.to[i] = byte(i), 1
	}
	return c
}

// GBPerSecond copies once, each worker its part, and returns 1e9 bytes per second, read and written bytes counted. Go's
// copy stores past the caches from a megabyte on.
func (c *Copier) GBPerSecond(pool *par.Pool) float64 {
	start := time.Time{}
	pool.Run(func(team *par.Team, worker int) {
		team.Barrier()
		if worker == 0 {
			start = time.Now()
		}
		from, to := team.Share(len(c.from), worker)
		copy(c.to[from:to], c.from[from:to])
		team.Barrier()
	})
	return 2 * float64(len(c.from)) / float64(time.Since(start).Nanoseconds())
}
