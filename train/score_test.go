package train

import (
	"context"
	"errors"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/ml/model"
)

// TestEvaluateGivesWhatTheRunGaveAtItsEnd: the newest checkpoint, opened by itself, scores as the run did.
func TestEvaluateGivesWhatTheRunGaveAtItsEnd(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	run := open(t, r, d, dir)
	finalHash(t, run)
	path, err := ModelFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := zoo.FromConfigJSON(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := errors.Join(part.Trace(testbackend.Get(t), store, m), Load(store, f)); err != nil {
		t.Fatal(err)
	}
	pass, err := d.Validation(r.Train.Batch)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Evaluate(context.Background(), testbackend.Get(t), store, m, pass)
	if err != nil {
		t.Fatal(err)
	}
	if want := run.Summary(); got.Loss != want.ValLoss || got.BPB != want.ValBPB || got.Top1 != want.ValTop1 || got.Count != 256 {
		t.Errorf("scores %+v, the run %v, %v, %v", got, want.ValLoss, want.ValBPB, want.ValTop1)
	}
	if c, batch, found, err := DataOf(path); err != nil || !found || batch != r.Train.Batch || c.Source != "sample" {
		t.Errorf("data of the checkpoint: %+v, batch %d, found %v", c, batch, found)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := Evaluate(ctx, testbackend.Get(t), store, m, pass); !errors.Is(err, stop) {
		t.Errorf("stopped with %v", err)
	}
}
