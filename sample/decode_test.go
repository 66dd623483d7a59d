package sample

import (
	"context"
	"slices"
	"testing"

	_ "github.com/dyt-go/dyt/cpu" // the engine that the benchmark is about
	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// generator returns the generator of a variant with the values of a seed, after changes to its configuration.
func generator(t testing.TB, backend compute.Backend, variant string, kind norm.Kind, changes ...func(*llama.Model)) *Text {
	t.Helper()
	n, err := llama.DefaultNorm(variant, kind)
	if err != nil {
		t.Fatal(err)
	}
	m, err := llama.Open(variant, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(m)
	}
	store := model.NewStore()
	if err := part.Initialize(backend, store, m, 5); err != nil {
		t.Fatal(err)
	}
	text, err := NewText(backend, store, m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// greedy continues ids by n tokens, with the cache or by reading the whole text at each token.
func greedy(t *testing.T, text Text, ids []int32, n int, cached bool) []int32 {
	t.Helper()
	if !cached {
		text.decoder = nil
	}
	var said []int32
	err := text.Continue(context.Background(), slices.Clone(ids), n, Options{}, 1, nil, func(_, id int32) error {
		said = append(said, id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// TestCacheGivesTheLogitsOfTheWholeText compares reading token by token with reading the same window at once, over three
// times the context of 16: through a beginning of several tokens, single ones, and the windows that begin afresh when it is full.
func TestCacheGivesTheLogitsOfTheWholeText(t *testing.T) {
	for _, c := range []struct {
		kind       norm.Kind
		interleave bool
		beginning  int
	}{{norm.RMSNorm, false, 1}, {norm.DyT, false, 5}, {norm.DyT, true, 3}, {norm.RMSNorm, true, 20}} {
		text := generator(t, testbackend.Get(t), "test", c.kind, func(m *llama.Model) { m.Interleave = c.interleave })
		r := text.decoder.begin()
		defer r.close()
		ids := make([]int32, 48)
		for i := range ids {
			ids[i] = int32(i*i*7+3*i+1) % 64
		}
		afresh, worst := 0, 0.0
		for n := c.beginning; n <= len(ids); n++ {
			from := r.from
			got, err := r.logits(ids[:n])
			if err != nil {
				t.Fatal(err)
			}
			if r.from != from {
				afresh++
			}
			want, err := text.Logits(ids[r.from:n])
			if err != nil {
				t.Fatal(err)
			}
			// Sums of float32 over 16 positions, some of them masked, in place of n, in another order: a few roundings of numbers
			// near 1.
			report := near.Check(t, string(c.kind), got, want, near.Bound{Rel: 2e-6, Abs: 2e-6})
			worst = max(worst, report.MaxAbs)
		}
		if afresh < 4 {
			t.Errorf("the window moved %d times, expected it to: three contexts in steps of half a one", afresh)
		}
		t.Logf("%s, beginning of %d: largest difference %.2g", c.kind, c.beginning, worst)
	}
}

func TestCacheGivesTheSameGreedyTokens(t *testing.T) {
	for _, kind := range []norm.Kind{norm.RMSNorm, norm.DyT} {
		text, ids := generator(t, testbackend.Get(t), "test", kind), []int32{1, 33, 7}
		with, without := greedy(t, *text, ids, 13, true), greedy(t, *text, ids, 13, false)
		if !slices.Equal(with, without) {
			t.Errorf("%s: %v with the cache, %v without", kind, with, without)
		}
		if long := greedy(t, *text, ids, 40, true); !slices.Equal(long[:13], with) {
			t.Errorf("%s: 40 tokens begin with %v, 13 tokens are %v", kind, long[:13], with)
		}
	}
}

func TestNothingToContinueIsRefused(t *testing.T) {
	text := generator(t, testbackend.Get(t), "test", norm.DyT)
	if _, err := text.Logits(nil); err == nil {
		t.Error("no token was accepted")
	}
	if _, err := text.decoder.begin().logits(nil); err == nil {
		t.Error("no token was accepted by the cache")
	}
}

// BenchmarkToken is one token of the 0.87M LLaMA somewhere in its context of 128, on this module's engine: with the cache,
// and reading the whole context.
func BenchmarkToken(b *testing.B) {
	engine, err := compute.NewWithConfig("dyt")
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Finalize()
	text := generator(b, engine, "0.87M", norm.DyT)
	ids := make([]int32, text.context)
	b.Run("cache", func(b *testing.B) {
		r := text.decoder.begin()
		defer r.close()
		if _, err := r.logits(ids[:1]); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			r.n = r.n%(text.context-1) + 1
			if _, err := r.read(ids[:1], r.n, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if _, err := text.Logits(ids); err != nil {
				b.Fatal(err)
			}
		}
	})
}
