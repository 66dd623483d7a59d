package train

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dyt-go/dyt/weights"
)

// TestTheBestCheckpointStays: of a run whose learning rate drives it away from its best, retention keeps the best beside the
// newest, whoever goes on with the run.
func TestTheBestCheckpointStays(t *testing.T) {
	r, d := tiny(t)
	r.Optim.LR, r.Optim.Schedule, r.Optim.Warmup, r.Optim.Clip = 0.1, constant, 0, 0
	r.Train.Eval, r.Save = 2, Save{Every: 2, Keep: 1}
	dir := t.TempDir()
	stopped(t, open(t, r, d, dir), 13)
	run := open(t, r, d, dir)
	finalHash(t, run)
	best, lowest := 0, 0.0
	for _, m := range run.lines {
		if m.EvalBPB != nil && (best == 0 || *m.EvalBPB < lowest) {
			best, lowest = m.Step, *m.EvalBPB
		}
	}
	if best == 0 || best > 20 {
		t.Fatalf("the best of the run is step %d, which retention would keep anyhow", best)
	}
	want := filepath.Join(dir, "checkpoints", stepName(best))
	if got, err := Best(dir); err != nil || got != want {
		t.Errorf("best is %s, %v; expected %s", got, err, want)
	}
	dirs, err := Checkpoints(dir)
	if err != nil || len(dirs) != 2 || dirs[0] != want || newest(dir) != 24 {
		t.Errorf("checkpoints %v, %v; expected the best and the newest", dirs, err)
	}
	for name, step := range map[string]int{bestLink: best, lastLink: 24} {
		if at, err := os.Readlink(filepath.Join(dir, "checkpoints", name)); err != nil || at != stepName(step) {
			t.Errorf("%s leads to %s, %v; expected %s", name, at, err, stepName(step))
		}
	}
	f, err := weights.OpenFolder(filepath.Join(dir, "checkpoints", bestLink))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	other := open(t, r, d, "")
	if err := Load(other.store, f); err != nil {
		t.Fatal(err)
	}
	if s, err := other.pass(); err != nil || s.BPB != lowest {
		t.Errorf("the best checkpoint scores %g, %v; its evaluation %g", s.BPB, err, lowest)
	}
}

func TestBestIsOfThoseEvaluated(t *testing.T) {
	at := func(step int, bpb, top1 float64) Metrics {
		m := Metrics{Step: step}
		if bpb != 0 {
			m.EvalBPB = &bpb
		}
		if top1 != 0 {
			m.EvalTop1 = &top1
		}
		return m
	}
	dirs := []string{"run/checkpoints/step-000002", "run/checkpoints/step-000004", "run/checkpoints/step-1000000"}
	for name, c := range map[string]struct {
		lines []Metrics
		want  string
	}{
		"none evaluated":              {[]Metrics{at(2, 0, 0), at(4, 0, 0)}, ""},
		"evaluated, but not kept":     {[]Metrics{at(1, 1, 0), at(3, 1, 0)}, ""},
		"text, bits per byte":         {[]Metrics{at(2, 3, 0.5), at(4, 2, 0.1), at(1000000, 2.5, 0.9)}, dirs[1]},
		"images, correct predictions": {[]Metrics{at(2, 0, 0.4), at(4, 0, 0.1), at(1000000, 0, 0.9)}, dirs[2]},
		"of equals the earliest":      {[]Metrics{at(2, 2, 0), at(4, 2, 0)}, dirs[0]},
		"better between checkpoints":  {[]Metrics{at(2, 3, 0), at(3, 1, 0), at(4, 2, 0)}, dirs[1]},
	} {
		if got := bestOf(dirs, c.lines); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}
