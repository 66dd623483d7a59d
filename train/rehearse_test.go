package train

import (
	"runtime"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
)

// A rehearsal has no weights, states or batch: it takes 9 MiB for the graph of a network whose weights are 330 MiB.
func TestRehearsalTakesNoMemoryForWeights(t *testing.T) {
	r, err := Layers{Name: "vit-B", Unread: true}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	backend := testbackend.Get(t)
	need, err := r.Need(backend)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := r.Rehearse(backend); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	took := float64(after.TotalAlloc - before.TotalAlloc)
	t.Logf("%.0f MiB allocated, weights are %.0f MiB", took/(1<<20), need.Parameters/(1<<20))
	if took > need.Parameters/4 {
		t.Errorf("a rehearsal allocates %.0f MiB, expected less than a quarter of the weights' %.0f MiB", took/(1<<20), need.Parameters/(1<<20))
	}
}
