package measure

import (
	"strings"
	"testing"

	"github.com/dyt-go/dyt/norm"
)

// A model's norms take the median of the rounds' differences, not the difference of the medians.
func TestNormsAreWeighedRoundByRound(t *testing.T) {
	with, without := &Row{Samples: []float64{110, 210, 60, 140, 95, 115, 102}}, &Row{Samples: []float64{100, 200, 55, 90, 80, 100, 100}}
	with.above(without)
	if with.Norms != 10 || with.NormsCI95 != [2]float64{2, 50} {
		t.Errorf("norms take %v, %v", with.Norms, with.NormsCI95)
	}
}

// modelRows are a model's rows with identity, RMSNorm and DyT, whose norms take the given milliseconds in each of seven rounds.
func modelRows(mode, fusion string, rms, dyt []float64) []Row {
	rows := []Row{{Norm: "identity"}, {Norm: string(norm.RMSNorm)}, {Norm: string(norm.DyT)}}
	for i, norms := range [][]float64{make([]float64, 7), rms, dyt} {
		r := &rows[i]
		r.Op, r.Mode, r.Fusion, r.Shape = "model", mode, fusion, []int{2, 16, 128}
		for k, ms := range norms {
			r.Samples = append(r.Samples, (100+20*float64(k%3)+ms)*1e6)
		}
		r.Median = 100e6
		r.above(&rows[0])
	}
	return rows
}

// DyT differs from RMSNorm where all but the outermost of seven rounds say so; where the norms' own time cannot be told from
// zero the difference is a time, not a share.
func TestClaimNeedsRoundsThatAgree(t *testing.T) {
	rms := []float64{20, 20, 21, 19, 22, 20, 18}
	for _, c := range []struct {
		rms, dyt      []float64
		less, verdict string
	}{
		{rms, []float64{10, 10, 11, 9, 12, 10, 8}, "50 %", "DyT's layers take 50 % less than RMSNorm's, the model 10.0 % less"},
		{rms, []float64{30, 30, 31, 29, 32, 30, 28}, "-50 %", "DyT's layers take 50 % more than RMSNorm's, the model 10.0 % more"},
		{rms, []float64{10, 30, 11, 29, 12, 30, 18}, "not distinguishable", "not distinguishable in the model, where RMSNorm's layers take at most 22 %"},
		{[]float64{-5, 5, 0, 1, -1, 2, 0}, []float64{-15, -5, -10, -9, -11, -8, -10}, "10 ms", "DyT's layers take 10 ms less"},
	} {
		rows := modelRows(Training, "", c.rms, c.dyt)
		p, found := pairOf(rows, Training, "")
		if !found {
			t.Fatal("no pair")
		}
		if less, _ := p.less(); less != c.less {
			t.Errorf("%v against %v: %q, expected %q", c.dyt, c.rms, less, c.less)
		}
		if got := Verdicts(rows); len(got) != 1 || !strings.HasPrefix(got[0], "training, of the 42.2 %") || !strings.Contains(got[0], c.verdict) {
			t.Errorf("%q, expected %q", got, c.verdict)
		}
	}
}

// The table has a row for each fusion and the paper's two; a model of which too few rounds are there has none.
func TestClaimStandsBesideThePapers(t *testing.T) {
	rms, dyt := []float64{20, 20, 20, 20, 20, 20, 20}, []float64{10, 10, 10, 10, 10, 10, 10}
	rows := append(modelRows(Training, "none", rms, dyt), modelRows(Inference, "all", rms, dyt)...)
	rows = append(rows, modelRows(Training, "elementwise", rms[:5], dyt[:5])...)
	rows = append(rows, Row{Op: "layer", Norm: "rmsnorm", Mode: Forward, Fusion: "all", Shape: []int{16, 128}, Median: 1e6}, Row{Op: "layer", Norm: "dyt", Mode: Forward, Fusion: "all", Shape: []int{16, 128}, Median: 5e5})
	table := ClaimTable(rows)
	if len(table) != 5 {
		t.Fatalf("%q", table)
	}
	for i, want := range []string{"norms' time", "one kernel an op|||| 20 ms (20 ms to 20 ms) of 100 ms", "everything|", "paper, eager|2.1 of 14.1 s|1.0 of 13.0 s|52.4 %|8.3", "paper, norms compiled"} {
		if line := strings.Join(table[i], "|"); len(table[i]) != 7 || !strings.HasPrefix(line, strings.ReplaceAll(want, " 20 ms (", "20 ms (")) {
			t.Errorf("line %d is %q, expected %q", i, line, want)
		}
	}
	// Five norms in two layers.
	if got := Verdicts(rows); len(got) != 2 || !strings.Contains(got[0], "with everything DyT's layers take 50 % less") || !strings.Contains(got[0], "alone RMSNorm's take 5 ms, DyT's 2.5 ms: 5 and 2.5 % of the model") {
		t.Errorf("%q", got)
	}
	if ClaimTable(rows[6:]) != nil || len(Verdicts(rows[6:])) != 0 {
		t.Error("a claim on five rounds")
	}
}
