package train

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/testbackend"
)

// TestNeedOfTheSmallestLLaMA counts by hand: a token leaves the inputs of each layer's products (48 for q, k and v, 48 for
// o, 48 for gate and up, 128 for down) and 48 for the head.
func TestNeedOfTheSmallestLLaMA(t *testing.T) {
	r, err := Find("llama-0.1M")
	if err != nil {
		t.Fatal(err)
	}
	r.Train.Batch, r.Data.Context = 3, 20
	got, err := r.Need(testbackend.Get(t))
	if err != nil {
		t.Fatal(err)
	}
	p := 4.0 * 80_118
	want := Need{Parameters: p, Gradients: p, States: 2 * p, Activations: 4 * 3 * 20 * (2*(48+48+48+128) + 48)}
	if got != want {
		t.Errorf("need %+v, expected %+v", got, want)
	}
	r.Train.Accumulate, r.Optim.EMA = 2, 0.99
	if got, err = r.Need(testbackend.Get(t)); err != nil || got.States != 4*p {
		t.Errorf("states %v, %v; expected mean, square, average and sum: %v", got.States, err, 4*p)
	}
}

// TestSizesBeyondMemoryAreRefusedAtOnce: 70B and absurd batches are counted without being allocated.
func TestSizesBeyondMemoryAreRefusedAtOnce(t *testing.T) {
	for name, by := range map[string][]Setting{
		"70B":     {{"model.variant", "70B", "flag"}},
		"batch":   {{"train.batch", "1e12", "flag"}},
		"context": {{"data.context", "1e9", "flag"}},
	} {
		r, err := Layers{Name: "llama-0.1M", By: by}.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		need, err := r.Need(testbackend.Get(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var large *TooLarge
		err = need.Check(32 << 30)
		if !errors.As(err, &large) || conf.Code(err) != conf.ExitMemory || !strings.Contains(err.Error(), "32 GiB are free") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: counted in %v, expected no time", name, took)
		}
		if need.Check(0) != nil || need.Check(1<<62) != nil && name != "batch" {
			t.Errorf("%s: refused where memory is unknown or enough", name)
		}
	}
}
