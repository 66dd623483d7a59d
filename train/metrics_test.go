package train

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestLinesOfMetrics: what follows from the recipe is exact, what is measured is consistent.
func TestLinesOfMetrics(t *testing.T) {
	r, d := tiny(t)
	run := open(t, r, d, t.TempDir())
	finalHash(t, run)
	lines, err := readLines(filepath.Join(run.Dir(), metricsFile), func(Metrics) bool { return true })
	if err != nil || len(lines) != 12 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	var waited float64
	for _, m := range lines {
		if m.Tokens != int64(m.Step)*4*16 || m.Epoch != float64(m.Tokens)/float64(d.Len()) {
			t.Errorf("step %d: %d tokens, epoch %g", m.Step, m.Tokens, m.Epoch)
		}
		if m.BPB == nil || math.Abs(*m.BPB-m.Loss/math.Ln2) > 1e-12 { // a token is a byte
			t.Errorf("step %d: loss %g, bits per byte %v", m.Step, m.Loss, m.BPB)
		}
		if tokens := m.PerSecond * m.StepMS / 1e3; math.Abs(tokens-4*16) > 1e-9 {
			t.Errorf("step %d: %g tokens/s and %g ms make %g tokens an update", m.Step, m.PerSecond, m.StepMS, tokens)
		}
		if !(m.DataMS > 0 && m.DataMS < m.StepMS) {
			t.Errorf("step %d: %g ms for the batch in an update of %g ms", m.Step, m.DataMS, m.StepMS)
		}
		if known := runtime.GOOS == "linux"; known != (m.Resident > 0) {
			t.Errorf("step %d: %d bytes resident", m.Step, m.Resident)
		}
		waited += 2 * m.DataMS
	}
	if sum := run.idle.Seconds() * 1e3; math.Abs(waited-sum) > 1e-6 {
		t.Errorf("lines say %g ms of waiting, the run %g", waited, sum)
	}
}

// TestBitsPerByteOfTokensThatAreLonger: a learned tokenizer's loss counts the bytes that its tokens stand for.
func TestBitsPerByteOfTokensThatAreLonger(t *testing.T) {
	r, _ := tiny(t)
	r.Data.Tokenizer, r.Data.Vocab, r.Model.Classes = "bpe", 300, 300
	d := load(t, r.Data)
	run := open(t, r, d, "")
	run.step = 1
	perToken := float64(d.Text.Train.Bytes()) / float64(d.Text.Train.Tokens()-1)
	if got, want := *run.metrics(3, 0, 0).BPB, 3/math.Ln2/perToken; math.Abs(got-want) > 1e-12 || perToken < 1.2 {
		t.Errorf("%g bits per byte at %g bytes a token, expected %g", got, perToken, want)
	}
}

// TestLinesOfAResumedRun: what a resumed run writes down is what one never stopped does, times and memory left out.
func TestLinesOfAResumedRun(t *testing.T) {
	r, d := tiny(t)
	whole, parts := open(t, r, d, t.TempDir()), t.TempDir()
	finalHash(t, whole)
	stopped(t, open(t, r, d, parts), 7)
	finalHash(t, open(t, r, d, parts))
	exact := func(dir string) string {
		lines, err := readLines(filepath.Join(dir, metricsFile), func(Metrics) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for i := range lines {
			m := &lines[i]
			m.Wall, m.PerSecond, m.StepMS, m.DataMS, m.Resident = 0, 0, 0, 0, 0
		}
		text, err := json.Marshal(lines)
		if err != nil {
			t.Fatal(err)
		}
		sites, err := os.ReadFile(filepath.Join(dir, sitesFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + string(sites)
	}
	if a, b := exact(whole.Dir()), exact(parts); a != b {
		t.Errorf("never stopped:\n%s\nstopped and resumed:\n%s", a, b)
	}
}
