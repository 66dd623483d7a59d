package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

// tiny is the smallest run there is: the test variant on the sample of Go source in the binary, 24 updates.
func tiny(t testing.TB) (Recipe, *data.Dataset) {
	t.Helper()
	r, err := Find("llama-0.1M")
	if err != nil {
		t.Fatal(err)
	}
	r.Data.Source, r.Data.Context, r.Data.ValTokens = "sample", 16, 256
	r.Train = Budget{Tokens: 24 * 4 * 16, Batch: 4, Accumulate: 1, Precision: "f32", Seed: 3, Log: 2, Eval: 6}
	r.Save = Save{Every: 5, Keep: 2}
	d, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

var sample = sync.OnceValues(func() (*data.Dataset, error) {
	return data.Load(context.Background(), data.Config{Source: "sample", Tokenizer: "bytes", Context: 16, ValTokens: 256})
})

func open(t testing.TB, r Recipe, d *data.Dataset, dir string) *Run {
	t.Helper()
	run, err := Open(testbackend.Get(t), r, d, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Close() })
	return run
}

// finalHash trains to the end and returns the hash of all weights.
func finalHash(t testing.TB, run *Run) string {
	t.Helper()
	if err := run.Train(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	h, err := run.InitHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	return h + " " + run.Summary().Seen
}

func TestTwoRunsGiveOneHash(t *testing.T) {
	r, d := tiny(t)
	a, b := finalHash(t, open(t, r, d, "")), finalHash(t, open(t, r, d, t.TempDir()))
	if a != b {
		t.Errorf("the same recipe ended with %s and with %s", a, b)
	}
	r.Train.Seed++
	if c := finalHash(t, open(t, r, d, "")); c == a {
		t.Errorf("another seed ended with the same weights")
	}
}

func TestTrainingLearns(t *testing.T) {
	r, d := tiny(t)
	run := open(t, r, d, "")
	finalHash(t, run)
	s := run.Summary()
	if first := run.lines[0].Loss; !(s.Loss < first) || !(s.ValBPB > 0 && s.ValBPB < 8) {
		t.Errorf("loss went from %v to %v, validation %v bits per byte", first, s.Loss, s.ValBPB)
	}
	if s.Tokens != 24*4*16 || s.PerSec <= 0 || len(s.Sites) != len(run.Model.Sites()) {
		t.Errorf("summary %+v", s)
	}
}

// TestMicroBatchesCountTheirTokens: two micro-batches of 4 count like tokens of one batch of 8.
func TestMicroBatchesCountTheirTokens(t *testing.T) {
	r, d := tiny(t)
	r.Train.Accumulate, r.Train.Tokens = 2, 6*8*16
	run := open(t, r, d, "")
	finalHash(t, run)
	if done, all := run.Steps(); done != 6 || all != 6 {
		t.Errorf("%d of %d updates, expected 6", done, all)
	}
}

func TestTwinsShareTheirStartAndTheirBatches(t *testing.T) {
	r, d := tiny(t)
	other, err := r.WithNorm(norm.RMSNorm)
	if err != nil {
		t.Fatal(err)
	}
	a, b := open(t, r, d, ""), open(t, other, d, "")
	paths := Shared(a, b)
	ha, errA := a.InitHash(paths)
	hb, errB := b.InitHash(paths)
	if errA != nil || errB != nil || ha != hb || len(paths) < 18 {
		t.Fatalf("shared %d parameters with hashes %s, %s (%v, %v)", len(paths), ha, hb, errA, errB)
	}
	finalHash(t, a)
	finalHash(t, b)
	if a.Summary().Seen != b.Summary().Seen {
		t.Error("the twins saw other batches")
	}
}

// TestResumeIsBitIdentical stops a run after 1, 5 and 12 updates,
// by a context that ends.
func TestResumeIsBitIdentical(t *testing.T) {
	r, d := tiny(t)
	want := finalHash(t, open(t, r, d, ""))
	for _, stop := range []int{1, 5, 12} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		run := open(t, r, d, dir)
		err := run.Train(ctx, func(m Metrics) {
			if m.Step == stop {
				cancel()
			}
		})
		var interrupted *Interrupted
		if !errors.As(err, &interrupted) || interrupted.Step != stop {
			t.Fatalf("stopped with %v", err)
		}
		again := open(t, r, d, dir)
		if done, _ := again.Steps(); done != stop {
			t.Fatalf("resumed at %d, expected %d", done, stop)
		}
		if got := finalHash(t, again); got != want {
			t.Errorf("stopped at %d: ended with %s, never stopped %s", stop, got, want)
		}
		if n := len(again.lines); n != 12 {
			t.Errorf("stopped at %d: %d lines of metrics, expected 12", stop, n)
		}
	}
}

// TestKillAndResumeIsBitIdentical kills processes that train, at random moments, until one of them gets to the end.
func TestKillAndResumeIsBitIdentical(t *testing.T) {
	if dir := os.Getenv("DYT_TEST_KILL"); dir != "" {
		r, d := tiny(t)
		r.Save.Every = 1
		finalHash(t, open(t, r, d, dir))
		return
	}
	r, d := tiny(t)
	r.Save.Every = 1
	want := finalHash(t, open(t, r, d, ""))
	start := func(dir string) (child *exec.Cmd, done chan error) {
		child = exec.Command(os.Args[0], "-test.run=^TestKillAndResumeIsBitIdentical$")
		child.Env = append(os.Environ(), "DYT_TEST_KILL="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		done = make(chan error, 1)
		go func() { done <- child.Wait() }()
		return child, done
	}
	began := time.Now()
	if _, done := start(t.TempDir()); <-done != nil {
		t.Fatal("a run that nobody killed failed")
	}
	whole := time.Since(began)
	dir, kills, inside := t.TempDir(), 0, 0
	random := rand.New(rand.NewPCG(uint64(began.UnixNano()), 1))
	for range 20 {
		child, done := start(dir)
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("a run that was resumed: %v", err)
			}
		case <-time.After(whole/4 + time.Duration(random.Int64N(int64(whole)/2))):
			child.Process.Kill()
			if <-done != nil {
				kills++
			}
		}
		left, err := filepath.Glob(filepath.Join(dir, "checkpoints", ".*.tmp-*"))
		if err != nil {
			t.Fatal(err)
		}
		inside += len(left)
		if dirs, _ := Checkpoints(dir); len(dirs) > 0 && strings.HasSuffix(dirs[len(dirs)-1], "24") {
			break
		}
	}
	t.Logf("%d processes killed, %d of them inside a checkpoint", kills, inside)
	if kills == 0 {
		t.Errorf("no process was killed before its end (a whole run took %v)", whole)
	}
	if got := finalHash(t, open(t, r, d, dir)); got != want {
		t.Errorf("killed again and again: ended with %s, never killed %s", got, want)
	}
}

func TestUnfinishedCheckpointsDoNotCount(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	finalHash(t, open(t, r, d, dir))
	dirs, err := Checkpoints(dir)
	if err != nil || len(dirs) != 2 {
		t.Fatalf("checkpoints %v, %v; expected 2", dirs, err)
	}
	if err := os.Remove(filepath.Join(dirs[1], completeFile)); err != nil {
		t.Fatal(err)
	}
	if done, _ := open(t, r, d, dir).Steps(); done != 20 {
		t.Errorf("resumed at %d, expected 20", done)
	}
}

// TestDamagedCheckpointsAreNoticed: a bit of any file turned over, a file cut or gone.
func TestDamagedCheckpointsAreNoticed(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	finalHash(t, open(t, r, d, dir))
	newest, err := ModelFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(newest, "*.*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := slices.Clone(content)
		flipped[len(flipped)/2] ^= 1
		for how, damaged := range map[string][]byte{"a bit turned over": flipped, "cut": content[:len(content)-1], "gone": nil} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if damaged != nil {
				if err := os.WriteFile(path, damaged, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(testbackend.Get(t), r, d, dir)
			var e *DamagedCheckpoint
			if !errors.As(err, &e) || e.File != filepath.Base(path) || conf.Code(err) != conf.ExitInput {
				t.Errorf("%s, %s: %v", path, how, err)
			}
			if err := os.WriteFile(path, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if done, _ := open(t, r, d, dir).Steps(); done != 24 {
		t.Errorf("put back, the run resumes at %d, expected 24", done)
	}
}

func TestAnotherRecipeIsRefused(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	open(t, r, d, dir)
	r.Optim.LR *= 2
	_, err := Open(testbackend.Get(t), r, d, dir)
	var changed *ConfigChanged
	if !errors.As(err, &changed) || !strings.Contains(changed.New, "lr: ") {
		t.Errorf("a changed learning rate gave %v", err)
	}
}

func TestDivergenceStopsTheRun(t *testing.T) {
	r, d := tiny(t)
	r.Optim.LR, r.Optim.Warmup, r.Optim.Clip = 1e30, 0, 0
	run := open(t, r, d, "")
	err := run.Train(context.Background(), nil)
	var diverged *Diverged
	if !errors.As(err, &diverged) || diverged.Step < 2 {
		t.Errorf("learning rate 1e30 gave %v", err)
	}
}

func TestWarningsOfTheStart(t *testing.T) {
	r, d := tiny(t)
	lines, err := open(t, r, d, "").Start()
	if err != nil {
		t.Fatal(err)
	}
	if said := Warnings(lines); len(said) != 0 {
		t.Errorf("the laptop recipe begins with warnings: %v", said)
	}
	r.Norm.Alpha0.Attn = 0.01
	lines, err = open(t, r, d, "").Start()
	if err != nil {
		t.Fatal(err)
	}
	if said := Warnings(lines); len(said) == 0 || !strings.Contains(said[0], "linear") {
		t.Errorf("alpha0 = 0.01 begins with %v", said)
	}
}

func TestImpossibleRecipesAreRefused(t *testing.T) {
	for name, change := range map[string]func(r *Recipe){
		"tokens":  func(r *Recipe) { r.Train.Tokens = 0 },
		"batch":   func(r *Recipe) { r.Train.Batch = 0 },
		"lr":      func(r *Recipe) { r.Optim.LR = math.NaN() },
		"warmup":  func(r *Recipe) { r.Optim.Warmup = 2 },
		"kind":    func(r *Recipe) { r.Norm.Kind = "batchnorm" },
		"variant": func(r *Recipe) { r.Model.Variant = "8B" },
	} {
		r, d := tiny(t)
		change(&r)
		if _, err := Open(testbackend.Get(t), r, d, ""); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
