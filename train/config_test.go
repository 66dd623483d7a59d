package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

func TestAnotherRecipeIsRefused(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	open(t, r, d, dir)
	r.Optim.LR, r.Train.Log = 2*r.Optim.LR, 3
	_, err := Open(testbackend.Get(t), r, d, dir)
	var changed *ConfigChanged
	if !errors.As(err, &changed) || len(changed.Keys) != 2 {
		t.Fatalf("a changed learning rate and interval gave %v", err)
	}
	for _, want := range []string{fmt.Sprintf("has train.log: 2, optim.lr: %g; ", r.Optim.LR/2), fmt.Sprintf("this run train.log: 3, optim.lr: %g; ", r.Optim.LR)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if changes, err := readChanges(dir); err != nil || len(changes) != 0 {
		t.Errorf("the refusal was recorded: %v, %v", changes, err)
	}
}

// TestARunGoesOnWithAnotherRecipe: at another learning rate it ends elsewhere, and where a second such run ends; with other
// intervals alone it ends with the bits of a run that never changed. Either is written down, once.
func TestARunGoesOnWithAnotherRecipe(t *testing.T) {
	r, d := tiny(t)
	same := finalHash(t, open(t, r, d, ""))
	faster, often := r, r
	faster.Optim.LR *= 2
	often.Train.Eval, often.Save.Every = 4, 3
	ends := map[string][]string{}
	for _, c := range []struct {
		name   string
		recipe Recipe
	}{{"faster", faster}, {"faster", faster}, {"often", often}} {
		name, changed, dir := c.name, c.recipe, t.TempDir()
		stopped(t, open(t, r, d, dir), 10)
		for range 2 { // the second time nothing is new
			run, err := OpenChanged(testbackend.Get(t), changed, d, dir)
			if err != nil {
				t.Fatal(err)
			}
			run.Close()
		}
		ends[name] = append(ends[name], finalHash(t, open(t, changed, d, dir)))
		record, err := ReadRun(dir)
		if err != nil || len(record.Changes) != 1 || record.Changes[0].Step != 10 || !slices.Equal(record.Changes[0].Keys, differences(r, changed)) {
			t.Fatalf("%s: the record says %+v, %v", name, record.Changes, err)
		}
		if got := differences(record.Recipe, changed); len(got) != 0 {
			t.Errorf("%s: config.yaml differs from the recipe by %v", name, got)
		}
		if facts := record.Study().Identity[0].Rows; facts[len(facts)-1].Value != record.Changes[0].String() {
			t.Errorf("%s: the report says %v", name, facts)
		}
	}
	if ends["often"][0] != same {
		t.Errorf("other intervals ended with %s, none with %s", ends["often"][0], same)
	}
	if f := ends["faster"]; f[0] != f[1] || f[0] == same {
		t.Errorf("another learning rate ended with %v, none with %s", f, same)
	}
}

// TestAChangeIsWrittenDownOnce: none before the first checkpoint, one where a process was killed between the line and the recipe.
func TestAChangeIsWrittenDownOnce(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	history := func(r Recipe, want int) {
		t.Helper()
		run, err := OpenChanged(testbackend.Get(t), r, d, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		changes, err := readChanges(dir)
		if err != nil || len(changes) != want {
			t.Errorf("the history is %v, %v; expected %d lines", changes, err, want)
		}
		if keys, err := run.configChanges(); err != nil || len(keys) != 0 {
			t.Errorf("config.yaml differs by %v, %v", keys, err)
		}
	}
	history(r, 0)
	r.Train.Log = 3
	history(r, 0) // at update 0
	stopped(t, open(t, r, d, dir), 3)
	path := filepath.Join(dir, configFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r.Train.Log = 4
	history(r, 1)
	if err := os.WriteFile(path, before, 0o666); err != nil {
		t.Fatal(err)
	}
	history(r, 1) // killed before config.yaml
	r.Train.Log = 3
	history(r, 2)
}

// TestWhatARunCannotGoOnWith: another network, optimizer or order of the data, states that are not there, a budget that is spent. The folder stays as it was.
func TestWhatARunCannotGoOnWith(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	stopped(t, open(t, r, d, dir), 3)
	before, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.WithNorm(norm.RMSNorm)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(r *Recipe)
		want   string
	}{
		"norm":       {func(r *Recipe) { *r = other }, "a run keeps its norm.kind"},
		"alpha0":     {func(r *Recipe) { r.Norm.Alpha0.Attn = 3 }, "a run keeps its norm.alpha0.attn"},
		"optimizer":  {func(r *Recipe) { r.Optim.Name, r.Optim.Momentum = "sgd", 0.9 }, "a run keeps its optim.name"},
		"batch":      {func(r *Recipe) { r.Train.Batch = 8 }, "a run keeps its train.batch"},
		"accumulate": {func(r *Recipe) { r.Train.Accumulate = 2 }, "a run keeps its train.accumulate"},
		"seed":       {func(r *Recipe) { r.Train.Seed++ }, "a run keeps its train.seed"},
		"average":    {func(r *Recipe) { r.Optim.EMA, r.Train.Log = 0.9, 3 }, "cannot go on with this optim.ema"}, // the checkpoint has none
		"budget":     {func(r *Recipe) { *r = r.WithSteps(3) }, "has done 3 updates, and the changed recipe asks for 3"},
	} {
		changed := r
		c.change(&changed)
		if _, err := OpenChanged(testbackend.Get(t), changed, d, dir); err == nil || !strings.Contains(err.Error(), c.want) || conf.Code(err) != conf.ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	after, err := os.ReadFile(filepath.Join(dir, configFile))
	if changes, _ := readChanges(dir); err != nil || string(after) != string(before) || len(changes) != 0 {
		t.Errorf("config.yaml became\n%s\nand the history %v, %v", after, changes, err)
	}
	if done, _ := open(t, r, d, dir).Steps(); done != 3 {
		t.Errorf("the run itself goes on at %d, expected 3", done)
	}
}

// TestADamagedRunIsNoWrongKey: what has changed is not to blame for a checkpoint that is damaged.
func TestADamagedRunIsNoWrongKey(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	stopped(t, open(t, r, d, dir), 3)
	if err := os.Truncate(filepath.Join(dir, "checkpoints", stepName(3), statesFile), 10); err != nil {
		t.Fatal(err)
	}
	r.Train.Log = 3
	_, err := OpenChanged(testbackend.Get(t), r, d, dir)
	var damaged *DamagedCheckpoint
	if !errors.As(err, &damaged) || strings.Contains(err.Error(), "train.log") || conf.Code(err) != conf.ExitInput {
		t.Errorf("got %v, code %d", err, conf.Code(err))
	}
}

// TestAChangedRunIsNoTwin: neither trained on nor read.
func TestAChangedRunIsNoTwin(t *testing.T) {
	twins, run := pairOf(t, 1)
	_, d := tiny(t)
	dir := t.TempDir()
	folder := runFolder(dir, "rmsnorm", 1)
	before := twins.Baseline
	before.Train.Seed, before.Optim.LR = 1, 2*before.Optim.LR
	stopped(t, open(t, before, d, folder), 3)
	now := twins.Baseline
	now.Train.Seed = 1
	changed, err := OpenChanged(testbackend.Get(t), now, d, folder)
	if err != nil {
		t.Fatal(err)
	}
	changed.Close()
	_, err = run(context.Background(), dir)
	_, read := ReadTwins(dir)
	for _, err := range []error{err, read} {
		if err == nil || !strings.Contains(err.Error(), "changed its recipe after update 3: optim.lr") || conf.Code(err) != conf.ExitInput {
			t.Errorf("got %v", err)
		}
	}
}

// TestACheckpointPassedOverIsSaid by a comparison that goes on.
func TestACheckpointPassedOverIsSaid(t *testing.T) {
	twins, run := pairOf(t, 1)
	_, d := tiny(t)
	dir := t.TempDir()
	want, err := run(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := ModelFolder(runFolder(dir, "dyt", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(newest, statesFile), 10); err != nil {
		t.Fatal(err)
	}
	var said []string
	twins.Say = func(format string, a ...any) { said = append(said, fmt.Sprintf(format, a...)) }
	got, err := twins.Run(context.Background(), testbackend.Get(t), d, dir, nil, nil)
	if err != nil || !slices.Equal(got.Diffs, want.Diffs) {
		t.Errorf("differences %v, before %v, %v", got.Diffs, want.Diffs, err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "passed over") || !strings.Contains(said[0], newest) {
		t.Errorf("said %q", said)
	}
}
