package measure

import (
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/gomlx/gomlx/ml/model"
)

func TestCostIsALineThroughTheProbes(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		took [2]time.Duration
		want Cost
	}{
		{[2]time.Duration{36 * ms, 84 * ms}, Cost{20 * ms, ms}},
		{[2]time.Duration{90 * ms, 64 * ms}, Cost{0, ms}}, // falls
		{[2]time.Duration{10 * ms, 64 * ms}, Cost{0, ms}}, // begins below zero
		{[2]time.Duration{16 * ms, 64 * ms}, Cost{0, ms}},
	} {
		if got := costOf(c.took); got != c.want {
			t.Errorf("%v: %+v, expected %+v", c.took, got, c.want)
		}
	}
	cost, err := Probe(testbackend.Get(t), model.NewStore(), 128)
	if err != nil || cost.Token <= 0 || cost.Fixed < 0 {
		t.Errorf("probe: %+v, %v", cost, err)
	}
}

// Fit doubles tokens, then layers, then tokens again, as far as time and memory go, and leaves what was asked for.
func TestFitTakesTheMostThatFits(t *testing.T) {
	cost := Cost{Fixed: time.Second, Token: time.Millisecond}
	width := Llama{Width: 4096}
	for _, c := range []struct {
		asked  Llama
		within time.Duration
		bytes  float64
		want   Llama
	}{
		{width, 3 * (1064 * time.Millisecond), 1e12, Llama{4096, 1, 64}},
		{width, 3 * (1063 * time.Millisecond), 1e12, Llama{4096, 1, 32}},
		{width, 0, 1e12, Llama{4096, 1, 16}}, // the least
		{width, 3 * 5 * 1512 * time.Millisecond, 1e12, Llama{4096, 4, 512}},
		{width, 24 * time.Hour, 1e15, Llama{4096, 32, 4096}}, // the paper's
		{width, 24 * time.Hour, Llama{4096, 2, 512}.Bytes(3), Llama{4096, 2, 512}},
		{Llama{4096, 3, 0}, 24 * time.Hour, 1e15, Llama{4096, 3, 4096}},
		{Llama{4096, 0, 100}, 3 * 4 * 1100 * time.Millisecond, 1e15, Llama{4096, 4, 100}},
	} {
		if got := c.asked.Fit(3, cost, c.within, c.bytes); got != c.want {
			t.Errorf("%+v within %v and %.0f bytes: %+v, expected %+v", c.asked, c.within, c.bytes, got, c.want)
		}
	}
}
