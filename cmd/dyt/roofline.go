package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/roof"
	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/par"
	"github.com/dyt-go/dyt/measure"
)

// roofline measures what this machine can do with the flavour of kernels that is in use.
type roofline struct {
	pool    *par.Pool
	loop    roof.Loop
	copiers map[int]*roof.Copier
}

func openRoofline() (*roofline, error) {
	flavour, err := cpuid.Choose()
	if err != nil {
		return nil, err
	}
	threads, err := par.Threads()
	if err != nil {
		return nil, err
	}
	m := &roofline{pool: par.New(threads), copiers: map[int]*roof.Copier{}}
	for _, l := range roof.Loops() {
		if l.Flavour == flavour || m.loop.Flavour == "" {
			m.loop = l
		}
	}
	return m, nil
}

func (m *roofline) gflops() float64 { return m.loop.GFLOPS(m.pool) }

func (m *roofline) copy(bytes int) float64 {
	if m.copiers[bytes] == nil {
		m.copiers[bytes] = roof.NewCopier(bytes)
	}
	return m.copiers[bytes].GBPerSecond(m.pool)
}

// fmaRounds is about a millisecond of multiply-adds.
const fmaRounds = 250_000

// cases are the machine's own speeds: arithmetic by flavour; copies from within the second-level cache to beyond the last.
func (m *roofline) cases() []measure.Case {
	var list []measure.Case
	for _, l := range roof.Loops() {
		list = append(list, measure.Case{Op: "fma", Mode: string(l.Flavour), Shape: []int{}, Flops: l.Flops(m.pool, fmaRounds), Roof: true,
			Run: func() error { l.Run(m.pool, fmaRounds); return nil }})
	}
	for _, kb := range []int{128, 1 << 10, 8 << 10, 128 << 10} {
		list = append(list, measure.Case{Op: "copy", Shape: []int{kb << 10}, Bytes: 2 * float64(kb<<10), Roof: true,
			Run: func() error { m.copy(kb << 10); return nil }})
	}
	return list
}
