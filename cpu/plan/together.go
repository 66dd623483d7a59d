package plan

import "slices"

// together lets clusters of one program that need nothing of each other run in one step, as the updates of a model's
// parameters do: one barrier for all of them, and small ones beside large ones. A cluster moves past other clusters alone, so
// that nothing lies in memory for much longer. order has the group of each step.
func (p *Plan) together(g *planner, order []int) {
	at := make([]int, len(g.groups)) // by group: its step
	var steps []Step
	first := 0 // of the clusters that nothing else stands between
	for i, id := range order {
		step, least := &p.Steps[i], first
		for from := range g.groups[id].direct.each {
			least = max(least, at[from]+1)
		}
		if step.Tapes == nil {
			first = len(steps) + 1
		}
		at[id] = len(steps)
		for home := least; home < len(steps) && step.Tapes != nil; home++ {
			if steps[home].Tapes[0].isLike(step.Tapes[0]) {
				at[id] = home
				steps[home].join(step)
				break
			}
		}
		if at[id] == len(steps) {
			steps = append(steps, *step)
		}
	}
	p.Steps = steps
}

// join adds what o does to s.
func (s *Step) join(o *Step) {
	for _, v := range o.Reads {
		if !slices.Contains(s.Reads, v) {
			s.Reads = append(s.Reads, v)
		}
	}
	s.Writes, s.Ops = append(s.Writes, o.Writes...), append(s.Ops, o.Ops...)
	partials := s.partials()
	for _, t := range o.Tapes {
		for i := range t.Sums {
			t.Sums[i].Partial += partials
		}
		s.Tapes = append(s.Tapes, t)
	}
}

// partials returns the size of the partial results of all tapes in floats.
func (s *Step) partials() int {
	n := 0
	for _, t := range s.Tapes {
		n += t.Partials()
	}
	return n
}

// isLike reports whether t and o run the same kernels over loads that lie alike, so that their elements take equally long.
func (t *Tape) isLike(o *Tape) bool {
	return len(t.Stores) == len(o.Stores) && len(t.Packs) == len(o.Packs) && len(t.Sums) == len(o.Sums) &&
		slices.EqualFunc(t.Code, o.Code, func(a, b Instr) bool { return a.Op == b.Op && a.Func == b.Func && a.Reduce == b.Reduce }) &&
		slices.EqualFunc(t.Loads, o.Loads, func(a, b Load) bool { return a.Kind == b.Kind && a.Bytes == b.Bytes })
}

// Elements returns the number of elements of the tape's space.
func (t *Tape) Elements() int { return t.Rows * t.Row }

// ChunksIn returns the chunks [first, last) that begin among elements [from, to), chunks taken to be equally long; elements may
// be outside.
func (t *Tape) ChunksIn(from, to int) (first, last int) {
	n, chunks := t.Elements(), t.Chunks()
	chunk := func(at int) int { return ceil(min(max(at, 0), n)*chunks, n) }
	return chunk(from), chunk(to)
}
