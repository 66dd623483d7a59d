package train

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/report"
)

// TestSamplesContinueThePrompt: one seed draws one text, each evaluation leaves it in the run folder, and the weights at the
// end are those of a run that drew none.
func TestSamplesContinueThePrompt(t *testing.T) {
	r, d := tiny(t)
	r = r.WithSteps(4)
	r.Train.Eval = 2
	plain := finalHash(t, open(t, r, d, ""))
	r.Train.Sample = 12
	run := open(t, r, d, t.TempDir())
	if got := finalHash(t, run); got != plain {
		t.Errorf("drawing samples changed the run: %s, without %s", got, plain)
	}
	s, err := run.Sample(context.Background(), 12)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.Text, "func ") || len(s.Text) < 10 || !strings.HasPrefix(s.Title, `DyT continues "func " after update 4`) {
		t.Errorf("sample %q under %q", s.Text, s.Title)
	}
	again, err := run.Sample(context.Background(), 12)
	if err != nil {
		t.Fatal(err)
	}
	if again.Text != s.Text {
		t.Errorf("one seed drew %q and %q", s.Text, again.Text)
	}
	if record, err := ReadRun(run.Dir()); err != nil || record.Summary.Sample != s || len(record.Study().Samples) != 1 {
		t.Errorf("the folder tells %+v (%v), the run %+v", record, err, s)
	}
	for _, name := range []string{"step-000002.txt", "step-000004.txt"} {
		if content, err := os.ReadFile(filepath.Join(run.Dir(), "samples", name)); err != nil || !strings.Contains(string(content), "\n\nfunc ") {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

// TestTheNewestSampleIsOfTheLatestStep, and one of a step that a run has still before it goes when the run goes on.
func TestTheNewestSampleIsOfTheLatestStep(t *testing.T) {
	r, d := tiny(t)
	dir := t.TempDir()
	run := open(t, r, d, dir)
	stopped(t, run, 3)
	for _, step := range []int{2, 3, 999999, 1000000} {
		run.step = step
		if err := run.writeSample(report.Sample{Title: stepName(step), Text: "func"}); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := readSample(dir); err != nil || s.Title != "step-1000000" {
		t.Errorf("the newest is of %s, %v", s.Title, err)
	}
	open(t, r, d, dir)
	if paths, err := samplePaths(dir); err != nil || len(paths) != 2 || filepath.Base(paths[1]) != "step-000003.txt" {
		t.Errorf("at update 3 the run has %v, %v", paths, err)
	}
}

func TestReadableLeavesNoControlCharacter(t *testing.T) {
	if got, want := readable("a\x1b[2J\xff\tü\nb\x00\u009b"), "a·[2J·\tü\nb··"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}
