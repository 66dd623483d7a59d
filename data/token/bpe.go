package token

import (
	"fmt"
	"sync"
)

// EndOfText is how the special token of a BPE vocabulary is spelled; it begins and ends documents.
const EndOfText = "<|endoftext|>"

// BPE is a byte-level byte-pair encoding: the text is split into words (wordLen), each word starts as its bytes, and
// merges join neighbours in the order in which they were learned. Make one with Train or Open.
type BPE struct {
	pieces []string          // bytes of each id; the special token's are empty
	merges []pair            // in order of rank
	joined map[pair]rankedID // the same, to look up
	single [256]int32        // id of each byte
	end    int32             // the special token
	words  sync.Pool         // of wordCache: words already encoded
}

// pair is two neighbouring ids.
type pair struct{ a, b int32 }

type rankedID struct{ rank, id int32 }

// wordCache keeps the ids of words seen, at most maxCachedWords of at most maxCachedWord bytes: about 10 MB when full.
// Go source has 4.2 million words in 15 MB but only some 100 thousand different ones.
type wordCache map[string][]int32

const (
	maxCachedWords = 1 << 16
	maxCachedWord  = 32
)

// newBPE builds the tables. pieces[end] is ignored. Every byte needs a token of its own, and a merge's result must be in
// the vocabulary.
func newBPE(pieces []string, merges []pair, end int32) (*BPE, error) {
	t := &BPE{pieces: pieces, merges: merges, joined: make(map[pair]rankedID, len(merges)), end: end}
	ids := make(map[string]int32, len(pieces))
	for id, piece := range pieces {
		if int32(id) != end {
			ids[piece] = int32(id)
		}
	}
	for b := range t.single {
		id, ok := ids[string([]byte{byte(b)})]
		if !ok {
			return nil, fmt.Errorf("vocabulary: expected a token for each of the 256 bytes, got none for byte %#02x", b)
		}
		t.single[b] = id
	}
	for rank, m := range merges {
		id, ok := ids[pieces[m.a]+pieces[m.b]]
		if !ok {
			return nil, fmt.Errorf("merge %d: %q + %q is not in the vocabulary", rank, spell(pieces[m.a]), spell(pieces[m.b]))
		}
		t.joined[m] = rankedID{int32(rank), id}
	}
	t.words.New = func() any { return wordCache{} }
	return t, nil
}

func (t *BPE) Name() string   { return "bpe" }
func (t *BPE) VocabSize() int { return len(t.pieces) }
func (t *BPE) BOS() int32     { return t.end }
func (t *BPE) EOS() int32     { return t.end }

// Encode never gives the special token; a Hugging Face tokenizer with the same file does where the text spells it.
func (t *BPE) Encode(text string) []int32 {
	cache := t.words.Get().(wordCache)
	defer t.words.Put(cache)
	ids := make([]int32, 0, len(text)/3+8)
	for len(text) > 0 {
		n := wordLen(text)
		word := text[:n]
		text = text[n:]
		known, ok := cache[word]
		if ok {
			ids = append(ids, known...)
			continue
		}
		from := len(ids)
		for i := range len(word) {
			ids = append(ids, t.single[word[i]])
		}
		ids = ids[:from+len(merge(ids[from:], t.join))]
		if len(word) <= maxCachedWord && len(cache) < maxCachedWords {
			cache[string([]byte(word))] = append([]int32(nil), ids[from:]...)
		}
	}
	return ids
}

func (t *BPE) join(a, b int32) (key float64, id int32, ok bool) {
	r, ok := t.joined[pair{a, b}]
	return float64(r.rank), r.id, ok
}

func (t *BPE) Decode(ids []int32) (string, error) { return decode(t, ids) }

func (t *BPE) Piece(_, id int32) string { return t.pieces[id] }
