package token

// joiner says whether two neighbouring tokens may become one: which, and how urgently (the least key goes first).
type joiner func(a, b int32) (key float64, id int32, ok bool)

// merge joins neighbours until no pair may be joined, always the pair with the least key and of those the leftmost. It is
// the encoder of both BPE (key: the rank of the merge) and Llama2c (key: minus the score). It overwrites ids and returns
// the part that is left.
//
// Short sequences, nearly all words, take the plain scan; above shortWord the scan would be quadratic (a line of a
// million dashes is one word), so a heap keeps the candidates.
func merge(ids []int32, join joiner) []int32 {
	if len(ids) <= shortWord {
		return mergeRef(ids, join)
	}
	return mergeHeap(ids, join)
}

// shortWord is where both ways cost the same: words of 8, 16, 24, 32 and 64 bytes took 0.6, 2.4, 5.4, 9.6 and 36 µs by scan
// and 0.8, 2.1, 3.3, 4.6 and 9.6 µs by heap (BenchmarkMerge, vocabulary of 1,024 learned from Go source).
const shortWord = 16

// mergeRef is the definition: look at all pairs, join the best, again.
func mergeRef(ids []int32, join joiner) []int32 {
	for {
		at, best, id := -1, 0.0, int32(0)
		for i := 0; i+1 < len(ids); i++ {
			if key, joined, ok := join(ids[i], ids[i+1]); ok && (at < 0 || key < best) {
				at, best, id = i, key, joined
			}
		}
		if at < 0 {
			return ids
		}
		ids[at] = id
		ids = append(ids[:at+1], ids[at+2:]...)
	}
}

// candidate is a pair that may be joined: the token at index left with its neighbour. It is stale when either has changed
// since.
type candidate struct {
	key         float64
	left        int32
	a, b, joint int32
}

// mergeHeap does what mergeRef does in n log n steps: tokens in a doubly linked list, candidates in a heap.
func mergeHeap(ids []int32, join joiner) []int32 {
	n := int32(len(ids))
	next, prev := make([]int32, n), make([]int32, n)
	h := heap[candidate]{
		items:  make([]candidate, 0, 2*n),
		before: func(a, b candidate) bool { return a.key < b.key || a.key == b.key && a.left < b.left },
	}
	offer := func(left, right int32) {
		if key, joint, ok := join(ids[left], ids[right]); ok {
			h.push(candidate{key, left, ids[left], ids[right], joint})
		}
	}
	for i := range n {
		next[i], prev[i] = i+1, i-1
	}
	for i := range n - 1 {
		offer(i, i+1)
	}
	for {
		c, ok := h.pop()
		if !ok {
			break
		}
		right := next[c.left]
		if ids[c.left] != c.a || right == n || ids[right] != c.b {
			continue // stale
		}
		ids[c.left], ids[right] = c.joint, -1
		next[c.left] = next[right]
		if next[right] < n {
			prev[next[right]] = c.left
			offer(c.left, next[right])
		}
		if prev[c.left] >= 0 {
			offer(prev[c.left], c.left)
		}
	}
	kept := ids[:0]
	for _, id := range ids {
		if id >= 0 {
			kept = append(kept, id)
		}
	}
	return kept
}
