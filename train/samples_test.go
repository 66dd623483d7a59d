package train

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestReadableLeavesNoControlCharacter(t *testing.T) {
	if got, want := readable("a\x1b[2J\xff\tü\nb\x00\u009b"), "a·[2J·\tü\nb··"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}
