package train

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/report"
	"github.com/gomlx/compute"
)

// Ranking is several candidates against one baseline. Its folder holds the baseline's runs, which all share, a folder for
// each candidate, which is that of a comparison, and ranking.json.
type Ranking struct {
	Baseline   Recipe
	Candidates []Recipe
	Seeds      []uint64
	Rows       []Row         // the candidates that are complete under these seeds, best mean difference first
	Begun      []*Comparison // the others, those left out that have not begun

	Say func(format string, a ...any) // as of Twins
}

// Row is one candidate. The verdict is the one under Holm's correction over all candidates, empty until all are complete, the
// interval that of this comparison alone.
type Row struct {
	*Comparison
	Adjusted float64 // Holm's p-value; NaN where there is no test, or not yet
}

const rankingFile = "ranking.json"

// rankingRecord is ranking.json.
type rankingRecord struct {
	Baseline   string   `json:"baseline"`
	Candidates []string `json:"candidates"` // also the names of their folders
	Seeds      []uint64 `json:"seeds"`
}

// Ranking returns the recipe under each of the names, kinds of norm or methods, as candidates against another norm, as Twins does.
func (r *Resolved) Ranking(names []string, against, seeds string, matchExtras bool) (*Ranking, error) {
	ranking := &Ranking{}
	for i, name := range names {
		for _, other := range names[:i] {
			if other == name {
				return nil, fmt.Errorf("train: compare: candidate %s is given twice", name)
			}
		}
		candidate, err := r.With(name)
		if err != nil {
			return nil, err
		}
		own := &Resolved{Recipe: candidate}
		t, err := own.Twins(against, seeds, matchExtras)
		if err != nil {
			return nil, err
		}
		ranking.Baseline, ranking.Seeds = t.Baseline, t.Seeds
		ranking.Candidates = append(ranking.Candidates, candidate)
	}
	return ranking, nil
}

// Run trains what is not there yet, the baseline once for all, and ranks.
func (r *Ranking) Run(ctx context.Context, backend compute.Backend, d *data.Dataset, dir string, watch Watch) error {
	if err := r.write(dir); err != nil {
		return err
	}
	var all []*Comparison
	for _, candidate := range r.Candidates {
		t := Twins{Baseline: r.Baseline, Candidate: candidate, Seeds: r.Seeds, Say: r.Say, shared: true}
		c, err := t.Run(ctx, backend, d, filepath.Join(dir, candidate.NormName()), watch, nil)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	return r.rank(all)
}

// write writes ranking.json, and refuses a folder that holds a ranking against another baseline.
func (r *Ranking) write(dir string) error {
	record := rankingRecord{Seeds: r.Seeds}
	record.Baseline, _ = Twins{Baseline: r.Baseline, Candidate: r.Candidates[0]}.sides()
	for _, candidate := range r.Candidates {
		record.Candidates = append(record.Candidates, candidate.NormName())
	}
	path := filepath.Join(dir, rankingFile)
	var before rankingRecord
	if err := readJSON(path, &before); err != nil {
		return err
	}
	if before.Baseline != "" && before.Baseline != record.Baseline {
		return &ConfigChanged{path, []Difference{{"baseline", before.Baseline, record.Baseline}}}
	}
	return writeJSON(path, record)
}

// rank orders comparisons that are complete under the ranking's seeds, and gives each the verdict under Holm's correction once
// that is over all candidates.
func (r *Ranking) rank(all []*Comparison) error {
	var candidates []stat.Candidate
	var baseline []float64
	of := map[string]*Comparison{}
	for _, c := range all {
		name := c.Candidate.NormName()
		row := stat.Candidate{Name: name}
		baseline = nil
		for _, p := range c.Pairs {
			row.Values, baseline = append(row.Values, p.Candidate.Measure()), append(baseline, p.Baseline.Measure())
		}
		of[name], candidates = c, append(candidates, row)
	}
	ranked, err := stat.Rank(candidates, baseline, stat.LowerIsBetter, r.Seeds[0])
	if err != nil {
		return err
	}
	for _, row := range ranked {
		c := of[row.Name]
		if len(ranked) < len(r.Candidates) {
			row.Verdict, row.Adjusted = "", math.NaN()
		}
		c.Comparison = row.Comparison
		r.Rows = append(r.Rows, Row{c, row.Adjusted})
	}
	return nil
}

// complete says whether a comparison has every pair of the ranking, in its order, and no other: only then does it stand on the
// same values of the baseline as the rest.
func (r *Ranking) complete(c *Comparison) bool {
	return len(c.Begun) == 0 && slices.EqualFunc(c.Pairs, r.Seeds, func(p Pair, seed uint64) bool { return p.Seed == seed })
}

// ranked says whether every candidate is complete.
func (r *Ranking) ranked() bool { return len(r.Rows) == len(r.Candidates) }

// IsRanking says whether dir is the folder of a ranking.
func IsRanking(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, rankingFile))
	return err == nil
}

// ReadRanking reads the folder of a ranking as it stands.
func ReadRanking(dir string) (*Ranking, error) {
	var record rankingRecord
	if err := readJSON(filepath.Join(dir, rankingFile), &record); err != nil {
		return nil, err
	}
	r := &Ranking{Seeds: record.Seeds, Candidates: make([]Recipe, len(record.Candidates))}
	var complete []*Comparison
	for i, name := range record.Candidates {
		folder := filepath.Join(dir, name)
		if !IsComparison(folder) {
			continue
		}
		c, err := ReadTwins(folder)
		if err != nil {
			return nil, err
		}
		r.Baseline, r.Candidates[i] = c.Baseline, c.Candidate
		if r.complete(c) {
			complete = append(complete, c)
		} else {
			r.Begun = append(r.Begun, c)
		}
	}
	if len(complete)+len(r.Begun) == 0 {
		return nil, conf.WithCode(fmt.Errorf("train: %s: no candidate of the ranking has begun; expected a folder with %s and runs", dir, rankingFile), conf.ExitInput)
	}
	for i, name := range record.Candidates {
		if r.Candidates[i].Model.Arch != "" {
			continue
		}
		var err error
		if r.Candidates[i], err = r.Baseline.With(name); err != nil { // it has not begun
			return nil, err
		}
	}
	return r, r.rank(complete)
}

// Headline is what the ranking shows, in a line: who has which verdict, best mean difference first.
func (r *Ranking) Headline() string {
	if !r.ranked() {
		return fmt.Sprintf("against %s, no verdict before all %d candidates are complete", r.Baseline.Title(), len(r.Candidates))
	}
	var verdicts []string
	names := map[string][]string{}
	for _, row := range r.Rows {
		verdict := string(row.Verdict)
		if names[verdict] == nil {
			verdicts = append(verdicts, verdict)
		}
		names[verdict] = append(names[verdict], row.Candidate.Title())
	}
	for i, verdict := range verdicts {
		verdicts[i] = verdict + ": " + strings.Join(names[verdict], ", ")
	}
	return "against " + r.Baseline.Title() + ", " + strings.Join(verdicts, "; ")
}

// Detail says how the verdicts came about.
func (r *Ranking) Detail() string {
	return fmt.Sprintf("%d candidates over %d paired seeds; verdicts by Holm's correction, so that the chance of any wrong one stays under 5 %%; intervals are those of each comparison alone", len(r.Candidates), len(r.Seeds))
}

// Table is the ranking in rows: candidate, difference, interval, p-value, verdict.
func (r *Ranking) Table() [][]string {
	rows := [][]string{{"candidate", "difference", "95 % interval", "p (Holm)", "verdict"}}
	for _, row := range r.Rows {
		interval, p := "–", "–"
		if row.Interval.Exists() {
			interval = fmt.Sprintf("[%+.4f, %+.4f]", row.Interval.Low, row.Interval.High)
		}
		if !math.IsNaN(row.Adjusted) {
			p = fmt.Sprintf("%.3g", row.Adjusted)
		}
		rows = append(rows, []string{row.Candidate.Title(), fmt.Sprintf("%+.4f", row.Mean), interval, p, cmp.Or(string(row.Verdict), "–")})
	}
	return rows
}

// Study arranges a ranking for the report: every candidate beside the baseline, the ranking as a table.
func (r *Ranking) Study() report.Study {
	var s report.Study
	for i, c := range r.all() {
		one := c.Study()
		if i == 0 {
			s = one
			s.Paired, s.Verdict, s.State, s.Contract = nil, report.Verdict{}, "", nil
		} else {
			s.Twins = append(s.Twins, one.Twins[1])
			s.Samples = append(s.Samples, samples(slices.Concat(c.Pairs, c.Begun)[0].Candidate)...)
			s.Target = max(s.Target, one.Target)
		}
	}
	s.Title = fmt.Sprintf("%d candidates against %s", len(r.Candidates), r.Baseline.Title())
	if !r.ranked() {
		s.State = fmt.Sprintf("%d of %d candidates complete", len(r.Rows), len(r.Candidates))
	}
	if len(r.Rows) > 0 {
		table := r.Table()
		s.Ranking = report.Table{Caption: "Candidate minus baseline in the measure, lower is better", Columns: table[0], Right: []bool{false, true, true, true, false}, Rows: table[1:]}
		s.Verdict = report.Verdict{Headline: r.Headline(), Detail: r.Detail()}
	}
	return s
}

// all are the comparisons, complete ones first.
func (r *Ranking) all() []*Comparison {
	var all []*Comparison
	for _, row := range r.Rows {
		all = append(all, row.Comparison)
	}
	return append(all, r.Begun...)
}

// going says whether a process is at work on it.
func (r *Ranking) going(dir string) bool {
	for _, c := range r.Begun {
		if c.going(filepath.Join(dir, c.Candidate.NormName())) {
			return true
		}
	}
	return false
}
