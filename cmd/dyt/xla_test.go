//go:build xla

package main

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/go-xla/compute/xla"
)

// Three updates have the same losses in XLA and here. Both sum in float32 in their own orders: the largest difference seen is 2e-7
// of a loss (XLA 0.115, CPU), and 1e-5 is less than what a wrong bit of an update's scale would make.
func TestXLATrainsAsWeDo(t *testing.T) {
	if len(xla.GetAvailablePlugins()) == 0 {
		t.Skip("no PJRT plugin where libraries are installed or in PJRT_PLUGIN_LIBRARY_PATH")
	}
	ours, theirs := losses(t, "dyt"), losses(t, "xla")
	for i := range ours {
		if math.Abs(ours[i]-theirs[i]) > 1e-5*ours[i] {
			t.Errorf("update %d: loss %v with dyt, %v with xla", i+1, ours[i], theirs[i])
		}
	}
	var out strings.Builder
	if code := run(context.Background(), []string{"devices"}, &out, io.Discard); code != 0 || !strings.Contains(out.String(), "\nxla ") {
		t.Errorf("dyt devices ends with %d and does not list xla:\n%s", code, out.String())
	}
}

// losses are those of a small network's first three updates.
func losses(t *testing.T, name string) (list []float64) {
	backend, err := openBackend(name)
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	trainUpdates(t, backend, 3, filepath.Join(t.TempDir(), "run"), func(m train.Metrics) { list = append(list, m.Loss) })
	if len(list) != 3 {
		t.Fatalf("%s: %d losses, expected those of 3 updates", name, len(list))
	}
	return list
}
