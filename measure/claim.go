package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/norm"
)

// claims is what arXiv:2503.10622 (appendix C) reports of LLaMA 7B on an H100 in bfloat16, batch 1: seconds that its 65 norms
// take and that the model takes, for 100 passes over 4096 tokens.
var claims = []struct {
	what  string
	cells [2][3]string // inference, training: RMSNorm, DyT, how much less DyT's layers take
}{
	{"paper, eager", [2][3]string{{"2.1 of 14.1 s", "1.0 of 13.0 s", "52.4 %"}, {"8.3 of 42.6 s", "4.8 of 39.1 s", "42.2 %"}}},
	{"paper, norms compiled", [2][3]string{{"0.3 of 12.3 s", "0.3 of 12.3 s", "0 %"}, {"3.9 of 38.9 s", "3.9 of 38.9 s", "0 %"}}},
}

// fusionNames says what the words of Case.Fusion mean.
var fusionNames = map[string]string{"": "here", "none": "one kernel an op", "elementwise": "elementwise fusion", "all": "everything"}

// above sets what a model's norms take: the time beyond that of the same model with the identity in their places. The two are
// compared round by round, so that a slow minute counts for neither.
func (r *Row) above(identity *Row) {
	d := differences(r, identity)
	r.Norms, r.NormsCI95 = stat.Median(d), interval(d)
}

// differences returns a's samples less b's, round by round.
func differences(a, b *Row) []float64 {
	d := make([]float64, min(len(a.Samples), len(b.Samples)))
	for i := range d {
		d[i] = a.Samples[i] - b.Samples[i]
	}
	return d
}

// pair is a model with RMSNorm and the same model with DyT, and what the norms of each take alone, in ns: one norm layer over
// the model's rows, times their number.
type pair struct {
	rms, dyt           *Row
	rmsAlone, dytAlone float64
}

// pairOf finds the pair of a mode and a fusion that were weighed against the identity in enough rounds for an interval.
func pairOf(rows []Row, mode, fusion string) (p pair, found bool) {
	for i := range rows {
		switch r := &rows[i]; {
		case r.Op != "model" || r.Mode != mode || r.Fusion != fusion || r.NormsCI95 == [2]float64{}:
		case r.Norm == string(norm.RMSNorm):
			p.rms = r
		case r.Norm == string(norm.DyT):
			p.dyt = r
		}
	}
	if p.rms == nil || p.dyt == nil {
		return p, false
	}
	p.rmsAlone, p.dytAlone = alone(rows, p.rms), alone(rows, p.dyt)
	return p, true
}

// alone returns what the norms of a model take by themselves, in ns: two a layer and the last one; 0 when no row says.
func alone(rows []Row, m *Row) float64 {
	mode := map[string]string{Inference: Forward, Training: Both}[m.Mode]
	for _, r := range rows {
		if r.Op == "layer" && r.Norm == m.Norm && r.Mode == mode && r.Fusion == m.Fusion && slices.Equal(r.Shape, m.Shape[1:]) {
			return float64(2*m.Shape[0]+1) * r.Median
		}
	}
	return 0
}

// less says how much less DyT's layers take than RMSNorm's: a share where RMSNorm's take a measurable time, else a time.
// It is distinct where the interval of the rounds' differences leaves out 0.
func (p pair) less() (text string, distinct bool) {
	d := differences(p.rms, p.dyt)
	switch ci := interval(d); {
	case ci[0] <= 0 && ci[1] >= 0:
		return "not distinguishable", false
	case p.rms.NormsCI95[0] > 0:
		return fmt.Sprintf("%.0f %%", 100*stat.Median(d)/p.rms.Norms), true
	default:
		return duration(stat.Median(d)), true
	}
}

// bound is the share of the model that RMSNorm's layers take at most: the upper end of their interval.
func (p pair) bound() float64 { return max(0, p.rms.NormsCI95[1]) / p.rms.Median }

// fusionsOf lists the fusions of the models among rows, in order.
func fusionsOf(rows []Row) []string {
	var list []string
	for _, r := range rows {
		if r.Op == "model" && !slices.Contains(list, r.Fusion) {
			list = append(list, r.Fusion)
		}
	}
	return list
}

// ClaimTable puts what the norms of a model take beside the paper's figures: a row for each fusion; nil without a pair.
func ClaimTable(rows []Row) [][]string {
	table := [][]string{{"norms' time of the model's"}}
	for _, mode := range []string{Inference, Training} {
		table[0] = append(table[0], mode+": RMSNorm", "DyT", "DyT less by")
	}
	for _, fusion := range fusionsOf(rows) {
		line, some := []string{fusionNames[fusion]}, false
		for _, mode := range []string{Inference, Training} {
			p, found := pairOf(rows, mode, fusion)
			if !found {
				line = append(line, "", "", "")
				continue
			}
			less, _ := p.less()
			line, some = append(line, p.rms.norms()+" of "+duration(p.rms.Median), p.dyt.norms()+" of "+duration(p.dyt.Median), less), true
		}
		if some {
			table = append(table, line)
		}
	}
	if len(table) == 1 {
		return nil
	}
	for _, c := range claims {
		table = append(table, slices.Concat([]string{c.what}, c.cells[0][:], c.cells[1][:]))
	}
	return table
}

// Verdicts says in a sentence for each mode what is left of the paper's claim; nothing of modes without a pair.
func Verdicts(rows []Row) []string {
	var list []string
	for k, mode := range []string{Inference, Training} {
		var says []string
		for _, fusion := range fusionsOf(rows) {
			if p, found := pairOf(rows, mode, fusion); found {
				says = append(says, p.verdict(fusion))
			}
		}
		if len(says) > 0 {
			list = append(list, fmt.Sprintf("%s, of the %s by which DyT's layers are faster in the paper when eager, and 0 %% when compiled: %s.", mode, claims[0].cells[k][2], strings.Join(says, "; ")))
		}
	}
	return list
}

func (p pair) verdict(fusion string) string {
	says := "with " + fusionNames[fusion] + " "
	if fusion == "" {
		says = ""
	}
	if less, distinct := p.less(); distinct {
		share, than := 100*stat.Median(differences(p.rms, p.dyt))/p.rms.Median, "less"
		if share < 0 {
			less, share, than = strings.TrimPrefix(less, "-"), -share, "more"
		}
		says += fmt.Sprintf("DyT's layers take %s %s than RMSNorm's, the model %.1f %% %s", less, than, share, than)
	} else {
		says += "DyT and RMSNorm are not distinguishable in the model"
		if p.bound() < 1 {
			says += fmt.Sprintf(", where RMSNorm's layers take at most %.0f %%", 100*p.bound())
		}
	}
	if p.rmsAlone > 0 && p.dytAlone > 0 {
		says += fmt.Sprintf(" (alone RMSNorm's take %s, DyT's %s: %.2g and %.2g %% of the model)", duration(p.rmsAlone), duration(p.dytAlone), 100*p.rmsAlone/p.rms.Median, 100*p.dytAlone/p.dyt.Median)
	}
	return says
}
