package plan

import "github.com/dyt-go/dyt/cpu/ir"

// slab cuts the many small lists and structs of a plan out of few large pieces of memory. What it handed out lives as long as its
// neighbours, which a plan or its planner keep anyway.
type slab[T any] struct{ room []T }

// slabSize is how many a piece has: of every type of the planner less than the 32 KB from which the heap takes longer ways.
const slabSize = 128

// take returns n zero values. Appending to them does not reach those that are taken next.
func (s *slab[T]) take(n int) []T {
	if n > len(s.room) {
		s.room = make([]T, max(n, slabSize))
	}
	list := s.room[:n:n]
	s.room = s.room[n:]
	return list
}

// keep returns a copy of list; nil of an empty one.
func (s *slab[T]) keep(list []T) []T {
	if len(list) == 0 {
		return nil
	}
	out := s.take(len(list))
	copy(out, list)
	return out
}

// slabs are what a planner makes many of.
type slabs struct {
	nodes  slab[node]
	lists  slab[*node] // the nodes of groups
	groups slab[group]
	words  slab[uint64] // of bit sets
	views  slab[View]
	ints   slab[int] // strides
	ops    slab[*ir.Op]
	values slab[*ir.Value]
}
