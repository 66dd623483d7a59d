package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

// tiny is the smallest run there is: the test variant on bytes of the Go source in the binary, 24 updates.
func tiny(t testing.TB) (Recipe, *data.Dataset) {
	t.Helper()
	r, err := Find("llama-0.1M")
	if err != nil {
		t.Fatal(err)
	}
	r.Model.Variant, r.Model.Classes = "test", 256
	r.Data.Source, r.Data.Context, r.Data.ValTokens = "sample", 16, 256
	r.Train = Budget{Tokens: 24 * 4 * 16, Batch: 4, Accumulate: 1, Precision: "f32", Seed: 3, Log: 2, Eval: 6}
	r.Save = Save{Every: 5, Keep: 2}
	d, err := goSample()
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

var goSample = sync.OnceValues(func() (*data.Dataset, error) {
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

// stopped trains until a number of updates is done.
func stopped(t testing.TB, run *Run, updates int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := run.Train(ctx, func(m Metrics) {
		if m.Step == updates {
			cancel()
		}
	})
	var interrupted *Interrupted
	if !errors.As(err, &interrupted) || interrupted.Step != updates {
		t.Fatalf("stopped with %v", err)
	}
}

func load(t testing.TB, c data.Config) *data.Dataset {
	t.Helper()
	d, err := data.Load(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return d
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
		stopped(t, open(t, r, d, dir), stop)
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

// TestKillAndResumeIsBitIdentical kills processes that train, in turn after a random number of updates and while they write
// a checkpoint, and lets the last one go on to the end.
func TestKillAndResumeIsBitIdentical(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 4
	}
	const apart = 6 // updates of the run for each kill, which waits for three at most
	r, d := tiny(t)
	r.Save.Every = 1
	r = r.WithSteps(kills * apart)
	if dir := os.Getenv("DYT_TEST_KILL"); dir != "" {
		finalHash(t, open(t, r, d, dir))
		return
	}
	want := finalHash(t, open(t, r, d, ""))
	dir, inside := t.TempDir(), 0
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for kill := range kills {
		child := exec.Command(os.Args[0], "-test.run=^TestKillAndResumeIsBitIdentical$", fmt.Sprint("-test.short=", testing.Short()))
		child.Env = append(os.Environ(), "DYT_TEST_KILL="+dir)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		target := newest(dir) + 1 + random.IntN(3)
		waitFor(t, func() bool { return newest(dir) >= target })
		if kill%2 == 0 {
			waitFor(t, func() bool { return len(unfinished(dir)) > 0 })
		}
		child.Process.Kill()
		if child.Wait() == nil {
			t.Fatalf("the process of kill %d came to its end, at update %d of %d", kill, newest(dir), r.Steps())
		}
		inside += len(unfinished(dir))
	}
	t.Logf("%d processes killed, %d of them inside a checkpoint, before update %d of %d", kills, inside, newest(dir), r.Steps())
	if inside == 0 {
		t.Error("no process was killed inside a checkpoint")
	}
	if got := finalHash(t, open(t, r, d, dir)); got != want {
		t.Errorf("killed again and again: ended with %s, never killed %s", got, want)
	}
}

// waitFor looks often enough to see a checkpoint being written, which takes milliseconds.
func waitFor(t *testing.T, come func() bool) {
	t.Helper()
	for began := time.Now(); !come(); time.Sleep(20 * time.Microsecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("the process that trains does not get there in a minute")
		}
	}
}

// newest returns the step of the newest complete checkpoint, 0 without any.
func newest(dir string) int {
	dirs, _ := Checkpoints(dir) // an error is of a folder that is being removed
	if len(dirs) == 0 {
		return 0
	}
	step, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(dirs[len(dirs)-1]), stepPrefix))
	return step
}

// unfinished returns the checkpoints that are being written, or were when their process was killed.
func unfinished(dir string) []string {
	left, _ := filepath.Glob(filepath.Join(dir, "checkpoints", ".*.tmp-*"))
	return left
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

// TestDamagedCheckpointsArePassedOver: a bit of any file turned over, a file cut or gone, and the run goes on from the checkpoint
// before it; with that one gone too, it does not begin anew. The end is that of a run without damage.
func TestDamagedCheckpointsArePassedOver(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	want := finalHash(t, open(t, r, d, dir))
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
			run := open(t, r, d, dir)
			if done, _ := run.Steps(); done != 20 || len(run.Skipped) != 1 || run.Skipped[0].File != filepath.Base(path) {
				t.Errorf("%s, %s: goes on at %d, passed over %v", path, how, done, run.Skipped)
			}
			if err := os.WriteFile(path, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if done, _ := open(t, r, d, dir).Steps(); done != 24 {
		t.Errorf("put back, the run resumes at %d, expected 24", done)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if got := finalHash(t, open(t, r, d, dir)); got != want {
		t.Errorf("from the checkpoint before the damaged one: ended with %s, never damaged %s", got, want)
	}
	if done, _ := open(t, r, d, dir).Steps(); done != 24 {
		t.Errorf("the damaged checkpoint was not written again: the run resumes at %d", done)
	}
	if at, err := os.Readlink(filepath.Join(dir, "checkpoints", lastLink)); err != nil || at != "step-000024" {
		t.Errorf("last leads to %s, %v", at, err)
	}
	dirs, err := Checkpoints(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range dirs {
		if err := os.Remove(filepath.Join(at, statesFile)); err != nil {
			t.Fatal(err)
		}
	}
	var e *DamagedCheckpoint
	if _, err := Open(testbackend.Get(t), r, d, dir); !errors.As(err, &e) || e.File != statesFile || conf.Code(err) != conf.ExitInput {
		t.Errorf("with every checkpoint damaged: %v", err)
	}
}

// TestADamagedCheckpointIsSetAside: a run goes on from the one before it and stops before it gets there again. What it saved by
// then is the newest, and the one that stays where one is kept.
func TestADamagedCheckpointIsSetAside(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	want := finalHash(t, open(t, r, d, dir))
	at := filepath.Join(dir, "checkpoints")
	if err := os.Truncate(filepath.Join(at, stepName(24), statesFile), 10); err != nil {
		t.Fatal(err)
	}
	r.Save.Keep, r.Train.Eval = 1, 0 // nothing of it is the best
	run, err := OpenChanged(testbackend.Get(t), r, d, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	stopped(t, run, 22)
	if newest, err := ModelFolder(dir); err != nil || newest != filepath.Join(at, stepName(22)) {
		t.Errorf("the newest checkpoint is %s, %v", newest, err)
	}
	if to, err := os.Readlink(filepath.Join(at, lastLink)); err != nil || to != stepName(22) {
		t.Errorf("last leads to %s, %v", to, err)
	}
	if !holds(at, damagedPrefix+stepName(24)) {
		t.Error("the damaged checkpoint is gone")
	}
	again := open(t, r, d, dir)
	if done, _ := again.Steps(); done != 22 || len(again.Skipped) != 0 {
		t.Errorf("goes on at %d, passed over %v", done, again.Skipped)
	}
	if got := finalHash(t, again); got != want {
		t.Errorf("ended with %s, never damaged %s", got, want)
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
