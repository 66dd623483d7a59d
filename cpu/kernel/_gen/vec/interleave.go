package vec

import "iter"

// Interleave writes body(0) to body(n-1) side by side, a method of f of each in turn. A core looks only so far ahead: chains
// of 20 dependent instructions that are written one after the other hardly overlap.
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
		left = 0
		for _, c := range chains {
			f.pause = c.pause
			if _, more := c.resume(); more {
				left++
			}
		}
	}
	f.pause = nil
}

// turn ends what one chain writes before the next one has its turn.
func (f *Flavour) turn() {
	if f.pause != nil {
		f.pause()
	}
}
