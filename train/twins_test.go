package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

// pairOf compares tiny with RMSNorm, in 8 updates, under the given seeds.
func pairOf(t *testing.T, seeds ...uint64) (Twins, func(ctx context.Context, dir string) (*Comparison, error)) {
	t.Helper()
	r, d := tiny(t)
	r = r.WithSteps(8)
	r.Train.Eval = 4
	baseline, err := r.WithNorm(norm.RMSNorm)
	if err != nil {
		t.Fatal(err)
	}
	twins := Twins{Baseline: baseline, Candidate: r, Seeds: seeds}
	return twins, func(ctx context.Context, dir string) (*Comparison, error) {
		return twins.Run(ctx, testbackend.Get(t), d, dir, nil, nil)
	}
}

// TestAnInterruptedComparisonGoesOn stops a comparison in its second run; run again it gives what one that was never
// stopped gives, and so does reading its folder.
func TestAnInterruptedComparisonGoesOn(t *testing.T) {
	_, run := pairOf(t, 1, 2)
	want, err := run(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	twins, _ := pairOf(t, 1, 2)
	_, d := tiny(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err = twins.Run(ctx, testbackend.Get(t), d, dir, func(r Recipe, m Metrics, _ int) {
		if r.Norm.Kind == norm.DyT && m.Step == 3 {
			cancel()
		}
	}, nil)
	var interrupted *Interrupted
	if !errors.As(err, &interrupted) {
		t.Fatalf("stopped with %v", err)
	}
	half, err := ReadTwins(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(half.Pairs) != 0 || len(half.Begun) != 2 || half.going(dir) {
		t.Errorf("stopped in the first pair: %d pairs complete, %d begun, going %v", len(half.Pairs), len(half.Begun), half.going(dir))
	}
	if s := half.Study(); s.State != "0 of 2 pairs complete" || len(s.Twins[0].Runs) != 1 {
		t.Errorf("state %q with %d baseline runs", s.State, len(s.Twins[0].Runs))
	}
	got, err := run(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadTwins(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Comparison{"gone on": got, "read": read} {
		if !slices.Equal(c.Diffs, want.Diffs) || c.Verdict != want.Verdict || c.Pairs[1].InitHash != want.Pairs[1].InitHash || c.Pairs[0].Candidate.Seen != want.Pairs[0].Candidate.Seen {
			t.Errorf("%s: differences %v and verdict %s, never stopped %v and %s", name, c.Diffs, c.Verdict, want.Diffs, want.Verdict)
		}
	}
	a, b := got.Pairs[0].Candidate, read.Pairs[0].Candidate
	if !reflect.DeepEqual(a.Sites, b.Sites) || a.Loss != b.Loss || a.Params != b.Params || a.Tokens != b.Tokens || !b.Done {
		t.Errorf("the folder tells %+v, the run %+v", b, a)
	}
	if curve := read.curve(); len(curve) != 2 || curve[1].Mean != read.Mean {
		t.Errorf("difference over training %+v, expected two points, the last at %g", curve, read.Mean)
	}
}

func TestAFolderOfOtherTwinsIsRefused(t *testing.T) {
	twins, run := pairOf(t, 1)
	dir := t.TempDir()
	if err := twins.writeTwins(dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, twinsFile), []byte(`{"baseline": "layernorm", "candidate": "dyt"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := run(context.Background(), dir)
	var changed *ConfigChanged
	if !errors.As(err, &changed) || changed.Keys[0].Old != "layernorm, dyt" {
		t.Errorf("got %v", err)
	}
}

func TestConditions(t *testing.T) {
	done := &Comparison{Comparison: stat.Comparison{Verdict: stat.Worse, Mean: 0.03}}
	for condition, want := range map[Condition]string{
		"": "", "worse": "worse", "better": "", "better, worse": "worse", "no-claim,difference>0.02": "difference>0.02", "difference > 0.04": "", "difference>-1": "difference>-1",
	} {
		if err := condition.Check(); err != nil {
			t.Errorf("%q: %v", condition, err)
		}
		if got := condition.Holds(done); got != want {
			t.Errorf("%q holds by %q, expected %q", condition, got, want)
		}
	}
	for _, wrong := range []Condition{"wors", "worse,", "difference>", "difference<1"} {
		if wrong.Check() == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}

func TestSeedsAreACountOrAList(t *testing.T) {
	for text, want := range map[string]string{"3": "[4 5 6]", "1": "[4]", "1,2": "[1 2]", "7, 9": "[7 9]"} {
		if got, err := Seeds(text, 4); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v; expected %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "2.5", "1,", "1,-2", "5k", "many"} {
		if got, err := Seeds(text, 1); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestMeanTokensToTarget(t *testing.T) {
	curve := func(bpb ...float64) Summary {
		s := Summary{ValBPB: bpb[len(bpb)-1]}
		for i := range bpb {
			s.Metrics = append(s.Metrics, Metrics{Tokens: int64(100 * (i + 1)), EvalBPB: &bpb[i]})
		}
		return s
	}
	c := &Comparison{Pairs: []Pair{{Baseline: curve(5, 3, 2), Candidate: curve(5, 4, 2.5)}, {Baseline: curve(5, 2, 2), Candidate: curve(5, 2.5, 2.5)}}}
	if a, b := c.MeanToTarget(); math.Abs(a-(250+100+100*2.5/3)/2) > 1e-9 || b != 250 {
		t.Errorf("%v and %v tokens, expected the means of 250 and 183.3, 300 and 200", a, b)
	}
	c.Pairs = append(c.Pairs, Pair{Baseline: curve(2), Candidate: curve(2)})
	if a, b := c.MeanToTarget(); !math.IsNaN(a) || !math.IsNaN(b) {
		t.Error("a run with one evaluation has a target")
	}
}
