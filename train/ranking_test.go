package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/internal/testbackend"
)

// rankingOf ranks candidates of tiny, in 4 updates, under two seeds.
func rankingOf(t *testing.T, against string, names ...string) (*Ranking, error) {
	t.Helper()
	r, _ := tiny(t)
	r = r.WithSteps(4)
	r.Train.Eval = 2
	return (&Resolved{Recipe: r}).Ranking(names, against, "2", false)
}

// TestRankingSharesTheBaseline: its runs are trained once; every candidate's difference is that of a comparison of its own,
// the verdicts follow Holm's p-values, and the folder tells the same.
func TestRankingSharesTheBaseline(t *testing.T) {
	_, d := tiny(t)
	dir := t.TempDir()
	r, err := rankingOf(t, "", "dyt", "skipinit")
	if err != nil {
		t.Fatal(err)
	}
	trained := map[string]int{}
	watch := func(r Recipe, m Metrics, steps int) {
		if m.Step == steps {
			trained[r.NormName()]++
		}
	}
	if err := r.Run(context.Background(), testbackend.Get(t), d, dir, watch); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rmsnorm", "dyt", "skipinit"} {
		if trained[name] != 2 {
			t.Errorf("%s was trained %d times, expected once for each of two seeds", name, trained[name])
		}
	}
	alone := Twins{Baseline: r.Baseline, Candidate: r.Candidates[1], Seeds: r.Seeds}
	want, err := alone.Run(context.Background(), testbackend.Get(t), d, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadRanking(dir)
	if err != nil {
		t.Fatal(err)
	}
	for how, ranking := range map[string]*Ranking{"run": r, "read": read} {
		if len(ranking.Rows) != 2 {
			t.Fatalf("%s: %d rows, expected 2", how, len(ranking.Rows))
		}
		var p []float64
		for i, row := range ranking.Rows {
			if i > 0 && row.Mean < ranking.Rows[i-1].Mean {
				t.Errorf("%s: %s stands behind a worse one", how, row.Candidate.NormName())
			}
			if row.Candidate.NormName() == "skipinit" && row.Mean != want.Mean {
				t.Errorf("%s: difference of skipinit %g, alone %g", how, row.Mean, want.Mean)
			}
			p = append(p, row.P)
		}
		for i, adjusted := range stat.Holm(p) {
			if row := ranking.Rows[i]; row.Adjusted != adjusted || row.Verdict.Different() != (adjusted < 0.05) {
				t.Errorf("%s: %s has p %g and verdict %s, expected p %g", how, row.Candidate.NormName(), row.Adjusted, row.Verdict, adjusted)
			}
		}
	}
	s := read.Study()
	if len(s.Twins) != 3 || len(s.Ranking.Rows) != 2 || s.State != "" || !strings.Contains(s.Title, "2 candidates against RMSNorm") {
		t.Errorf("study %q, state %q, %d twins, %d rows", s.Title, s.State, len(s.Twins), len(s.Ranking.Rows))
	}
}

// TestAnUnfinishedRankingHasNoVerdict: no candidate counts with other seeds than the ranking's, and none has a verdict
// before all have the same.
func TestAnUnfinishedRankingHasNoVerdict(t *testing.T) {
	_, d := tiny(t)
	dir := t.TempDir()
	r, err := rankingOf(t, "", "dyt", "skipinit", "derf")
	if err != nil {
		t.Fatal(err)
	}
	run := func(i int, seeds ...uint64) {
		t.Helper()
		twins := Twins{Baseline: r.Baseline, Candidate: r.Candidates[i], Seeds: seeds, shared: true}
		if _, err := twins.Run(context.Background(), testbackend.Get(t), d, filepath.Join(dir, r.Candidates[i].NormName()), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(how string, seeds []uint64, rows, begun int) {
		t.Helper()
		r.Seeds = seeds
		if err := r.write(dir); err != nil {
			t.Fatal(err)
		}
		read, err := ReadRanking(dir)
		if err != nil {
			t.Fatal(how, err)
		}
		if len(read.Rows) != rows || len(read.Begun) != begun || len(read.Candidates) != 3 {
			t.Errorf("%s: %d rows, %d begun, %d candidates; expected %d, %d and 3", how, len(read.Rows), len(read.Begun), len(read.Candidates), rows, begun)
		}
		for _, row := range read.Rows {
			if done := rows == 3; (row.Verdict != "") != done || math.IsNaN(row.Adjusted) == done {
				t.Errorf("%s: %s has verdict %q, p %g", how, row.Candidate.NormName(), row.Verdict, row.Adjusted)
			}
		}
		if s := read.Study(); (s.State == "") != (rows == 3) {
			t.Errorf("%s: state %q", how, s.State)
		}
	}
	run(0, 1, 2, 3)
	run(1, 1, 2)
	reads("one candidate of fewer seeds, one not begun", []uint64{1, 2, 3}, 1, 1)
	reads("other seeds", []uint64{4, 5}, 0, 2)
	reads("another order", []uint64{2, 1}, 0, 2)
	run(1, 1, 2, 3)
	reads("one not begun", []uint64{1, 2, 3}, 2, 0)
	run(2, 1, 2, 3)
	reads("complete", []uint64{1, 2, 3}, 3, 0)
}

func TestWhatCannotBeRanked(t *testing.T) {
	for says, names := range map[string][]string{"given twice": {"dyt", "dyt"}, "norm rmsnorm": {"dyt", "rmsnorm"}, `"dtt"`: {"dyt", "dtt"}} {
		if _, err := rankingOf(t, "", names...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", names, err)
		}
	}
	dir := t.TempDir()
	first, err := rankingOf(t, "", "dyt", "derf")
	if err != nil {
		t.Fatal(err)
	}
	second, err := rankingOf(t, "layernorm", "dyt", "derf")
	if err != nil {
		t.Fatal(err)
	}
	var changed *ConfigChanged
	if err := errors.Join(first.write(dir), second.write(dir)); !errors.As(err, &changed) || changed.Path != filepath.Join(dir, rankingFile) {
		t.Errorf("another baseline in the same folder: %v", err)
	}
}

// TestAMethodIsACandidate: the method stands on the candidate's side alone.
func TestAMethodIsACandidate(t *testing.T) {
	r, _ := tiny(t)
	candidate, err := r.With("fixup")
	if err != nil {
		t.Fatal(err)
	}
	twins, err := (&Resolved{Recipe: candidate}).Twins("", "1", false)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := twins.sides(); a != "rmsnorm" || b != "fixup" || twins.Baseline.Model.Method != "" || twins.Candidate.Title() != "Fixup" {
		t.Errorf("sides %s and %s, the baseline with method %q", a, b, twins.Baseline.Model.Method)
	}
}
