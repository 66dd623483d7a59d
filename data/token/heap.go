package token

// heap is a binary heap with the least element first, by the order given in before.
type heap[T any] struct {
	items  []T
	before func(a, b T) bool
}

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	for i := len(h.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(h.items[i], h.items[up]) {
			return
		}
		h.items[i], h.items[up] = h.items[up], h.items[i]
		i = up
	}
}

// pop removes and returns the least element; ok is false when there is none.
func (h *heap[T]) pop() (least T, ok bool) {
	if len(h.items) == 0 {
		return least, false
	}
	least = h.items[0]
	last := len(h.items) - 1
	h.items[0] = h.items[last]
	h.items = h.items[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return least, true
		}
		if down+1 < last && h.before(h.items[down+1], h.items[down]) {
			down++
		}
		if !h.before(h.items[down], h.items[i]) {
			return least, true
		}
		h.items[i], h.items[down] = h.items[down], h.items[i]
		i = down
	}
}
