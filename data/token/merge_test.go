package token

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Random joiners over few ids, with ties and with results that join again, are harder than any vocabulary.
func TestMergeHeapIsMergeRef(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		vocab := int32(2 + r.IntN(6))
		table := map[pair]rankedID{}
		for a := range vocab {
			for b := range vocab {
				if r.IntN(2) == 0 {
					table[pair{a, b}] = rankedID{rank: int32(r.IntN(4)), id: r.Int32N(vocab)}
				}
			}
		}
		join := func(a, b int32) (float64, int32, bool) {
			m, ok := table[pair{a, b}]
			return float64(m.rank), m.id, ok
		}
		ids := make([]int32, r.IntN(40))
		for i := range ids {
			ids[i] = r.Int32N(vocab)
		}
		want := mergeRef(slices.Clone(ids), join)
		if got := mergeHeap(slices.Clone(ids), join); !slices.Equal(got, want) {
			t.Fatalf("%v with %v: heap %v, reference %v", ids, table, got, want)
		}
	}
}

// One word of 100,000 characters must not take quadratic time: 10 billion looks at a pair would be minutes.
func TestLongWordIsEncodedInTime(t *testing.T) {
	tok := trained(t, 300, "--------------------------------", "--------")
	text := make([]byte, 100_000)
	for i := range text {
		text[i] = '-'
	}
	roundTrip(t, tok, string(text))
}

func BenchmarkMerge(b *testing.B) {
	tok := goTokenizer(b, 1024)
	for _, n := range []int{8, 16, 24, 32, 64} {
		text := "internationalizationConfigurationDescriptorsMarshalerInterfaceVal"[:n]
		ids := make([]int32, n)
		for name, f := range map[string]func([]int32, joiner) []int32{"ref": mergeRef, "heap": mergeHeap} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for range b.N {
					for i := range n {
						ids[i] = tok.single[text[i]]
					}
					f(ids[:n], tok.join)
				}
			})
		}
	}
}
