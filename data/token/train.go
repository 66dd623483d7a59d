package token

import (
	"fmt"
	"iter"
	"slices"
)

// Train learns a BPE of at most `vocab` ids from texts: 256 bytes, merges, and EndOfText as the last id. The vocabulary
// is smaller when no pair of tokens occurs twice any more; VocabSize says so.
//
// Each step joins the pair that occurs most often (of equally frequent ones the one with the smaller ids), so the result
// depends on the texts alone, not on their order. It is the rule of Hugging Face's BpeTrainer with min_frequency 2, and
// scripts/check_tokenizer.py compares the merges one by one.
//
// Cost: 16.8 MB of Go source to 4,096 ids took 1.1 s on one core of a Xeon (TestTrainOnGoSource prints it).
func Train(texts iter.Seq[string], vocab int) (*BPE, error) {
	if vocab < 257 {
		return nil, fmt.Errorf("token: train: vocabulary of %d: expected at least 257, for 256 bytes and %s", vocab, EndOfText)
	}
	l := newLearner(texts)
	for len(l.pieces) < vocab-1 {
		best, ok := l.next()
		if !ok {
			break
		}
		l.learn(best)
	}
	t, err := newBPE(append(l.pieces, ""), l.merges, int32(len(l.pieces)))
	if err != nil {
		panic("BUG: token: train: " + err.Error())
	}
	return t, nil
}

// learner holds every different word once, with how often it occurs, and for every pair of neighbours how often it occurs
// and in which words.
type learner struct {
	pieces []string
	ids    map[string]int32
	merges []pair
	known  map[pair]bool // in merges
	words  []word
	pairs  map[pair]*occurrences
	queue  heap[frequency]
}

type word struct {
	ids   []int32
	count int
}

type occurrences struct {
	count int
	words []int32 // indices; may name a word twice, or one that no longer has the pair
}

// frequency is a guess of a pair's count, never too low: counts sink as other pairs are joined, and are looked up again
// when the guess comes to the top.
type frequency struct {
	count int
	pair  pair
}

func newLearner(texts iter.Seq[string]) *learner {
	l := &learner{ids: map[string]int32{}, known: map[pair]bool{}, pairs: map[pair]*occurrences{}}
	l.queue.before = func(x, y frequency) bool {
		if x.count != y.count {
			return x.count > y.count
		}
		if x.pair.a != y.pair.a {
			return x.pair.a < y.pair.a
		}
		return x.pair.b < y.pair.b
	}
	order := make([]byte, 256)
	for b := range order {
		order[b] = byte(b)
	}
	slices.SortFunc(order, func(a, b byte) int { return int(byteChar[a]) - int(byteChar[b]) })
	for _, b := range order {
		l.token(string([]byte{b}))
	}
	for text, count := range countWords(texts) {
		w := word{make([]int32, len(text)), count}
		for i := range len(text) {
			w.ids[i] = l.ids[text[i:i+1]]
		}
		l.words = append(l.words, w)
	}
	for i, w := range l.words {
		l.count(int32(i), w.ids, w.count)
	}
	for p, o := range l.pairs {
		l.queue.push(frequency{o.count, p})
	}
	return l
}

// countWords splits the texts and counts the words. The map's order shows nowhere in what is learned.
func countWords(texts iter.Seq[string]) map[string]int {
	counts := map[string]int{}
	for text := range texts {
		for len(text) > 0 {
			n := wordLen(text)
			counts[text[:n]]++
			text = text[n:]
		}
	}
	return counts
}

// token returns the id of a piece, a new one if it is new: two merges may spell the same piece.
func (l *learner) token(piece string) int32 {
	id, ok := l.ids[piece]
	if !ok {
		id = int32(len(l.pieces))
		l.ids[piece] = id
		l.pieces = append(l.pieces, piece)
	}
	return id
}

// count adds times to each pair of neighbours in a word; a negative number takes them away.
func (l *learner) count(wordIndex int32, ids []int32, times int) {
	for i := range len(ids) - 1 {
		p := pair{ids[i], ids[i+1]}
		o := l.pairs[p]
		if o == nil {
			o = &occurrences{}
			l.pairs[p] = o
		}
		o.count += times
		if times > 0 && (len(o.words) == 0 || o.words[len(o.words)-1] != wordIndex) {
			o.words = append(o.words, wordIndex)
		}
	}
}

// next returns the most frequent pair, and false when none occurs twice.
func (l *learner) next() (pair, bool) {
	for {
		top, ok := l.queue.pop()
		if !ok {
			return pair{}, false
		}
		o := l.pairs[top.pair]
		switch {
		case o == nil || o.count < 2:
		case o.count == top.count && l.pieces[top.pair.a]+l.pieces[top.pair.b] != EndOfText:
			return top.pair, true
		case o.count < top.count:
			l.queue.push(frequency{o.count, top.pair})
		}
	}
}

// learn joins the pair in all words that have it and counts their neighbours anew.
func (l *learner) learn(p pair) {
	id := l.token(l.pieces[p.a] + l.pieces[p.b])
	if !l.known[p] {
		l.known[p] = true
		l.merges = append(l.merges, p)
	}
	grown := map[pair]bool{}
	for _, wi := range l.pairs[p].words {
		w := &l.words[wi]
		if !has(w.ids, p) {
			continue
		}
		l.count(wi, w.ids, -w.count)
		kept := w.ids[:0]
		for i := 0; i < len(w.ids); i++ {
			if i+1 < len(w.ids) && w.ids[i] == p.a && w.ids[i+1] == p.b {
				kept = append(kept, id)
				i++
			} else {
				kept = append(kept, w.ids[i])
			}
		}
		w.ids = kept
		l.count(wi, w.ids, w.count)
		for i := range len(kept) - 1 {
			if q := (pair{kept[i], kept[i+1]}); q.a == id || q.b == id {
				grown[q] = true
			}
		}
	}
	delete(l.pairs, p)
	for q := range grown {
		l.queue.push(frequency{l.pairs[q].count, q})
	}
}

func has(ids []int32, p pair) bool {
	for i := range len(ids) - 1 {
		if ids[i] == p.a && ids[i+1] == p.b {
			return true
		}
	}
	return false
}
