package vec

import (
	"iter"

	"github.com/mmcloughlin/avo/reg"
)

// Interleave writes body(0) to body(n-1) side by side, a method of f of each in turn. A core looks only so far ahead: chains
// of 20 dependent instructions that are written one after the other hardly overlap. A constant that all of them read in the same
// turn is loaded once: what a core loads in a cycle is what bounds a polynomial whose coefficients lie in memory.
func (f *Flavour) Interleave(n int, body func(i int)) {
	type chain struct {
		pause  func()
		resume func() (struct{}, bool)
	}
	var chains []*chain
	for i := range n {
		c := &chain{}
		c.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
			c.pause = func() { yield(struct{}{}) }
			f.pause = c.pause
			body(i)
		})
		chains = append(chains, c)
	}
	for left := n; left > 0; {
		if left = 0; n > 1 {
			f.round = map[uint32]reg.Register{}
		}
		for _, c := range chains {
			f.pause = c.pause
			if _, more := c.resume(); more {
				left++
			}
		}
	}
	f.pause, f.round = nil, nil
}

// shared returns a constant in a register that the other chains read too, in the same round.
func (f *Flavour) shared(bits uint32) reg.Register {
	r, known := f.round[bits]
	if !known {
		r = f.fresh(bits)
		f.round[bits] = r
	}
	return r
}

// turn ends what one chain writes before the next one has its turn.
func (f *Flavour) turn() {
	if f.pause != nil {
		f.pause()
	}
}
