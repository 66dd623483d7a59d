package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/stat"
)

// The folder of a comparison holds the folders of its runs, rmsnorm_s1, dyt_s1, ..., and twins.json.

const twinsFile = "twins.json"

// twinsRecord is twins.json.
type twinsRecord struct {
	Baseline  string       `json:"baseline"` // the runs' folders are <side>_s<seed>
	Candidate string       `json:"candidate"`
	Seeds     []uint64     `json:"seeds"` // asked for
	Pairs     []pairRecord `json:"pairs"` // begun
}

type pairRecord struct {
	Seed     uint64 `json:"seed"`
	Shared   int    `json:"shared"` // parameters that both started with alike
	InitHash string `json:"init_sha256"`
}

// IsComparison says whether dir is the folder of a comparison.
func IsComparison(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, twinsFile))
	return err == nil
}

// sides names both twins in folders: the kind of norm, with what they differ in beside it.
func (t Twins) sides() (baseline, candidate string) {
	name := func(r Recipe) string {
		if r.Model.Extras {
			return r.NormName() + "-extras"
		}
		return r.NormName()
	}
	baseline, candidate = name(t.Baseline), name(t.Candidate)
	if baseline == candidate {
		baseline, candidate = baseline+"-baseline", candidate+"-candidate"
	}
	if t.shared {
		baseline = beside + baseline
	}
	return baseline, candidate
}

// beside leads from the folder of a comparison to runs that it shares with others.
const beside = "../"

func runFolder(dir, side string, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s_s%d", side, seed))
}

// writeTwins writes twins.json, and refuses a folder that holds a comparison of others.
func (t Twins) writeTwins(dir string, pairs []Pair) error {
	r := twinsRecord{Seeds: t.Seeds}
	r.Baseline, r.Candidate = t.sides()
	var before twinsRecord
	if err := readJSON(filepath.Join(dir, twinsFile), &before); err != nil {
		return err
	}
	if before.Baseline != "" && (before.Baseline != r.Baseline || before.Candidate != r.Candidate) {
		return &ConfigChanged{filepath.Join(dir, twinsFile), []Difference{{"twins", before.Baseline + ", " + before.Candidate, r.Baseline + ", " + r.Candidate}}}
	}
	for _, p := range pairs {
		r.Pairs = append(r.Pairs, pairRecord{p.Seed, p.Shared, p.InitHash})
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("train: folder of the comparison: %w", err)
	}
	return writeJSON(filepath.Join(dir, twinsFile), r)
}

// Remove takes away what Run has left in dir, finished or not.
func (t Twins) Remove(dir string) error {
	errs := []error{os.RemoveAll(filepath.Join(dir, twinsFile))}
	baseline, candidate := t.sides()
	for _, seed := range t.Seeds {
		errs = append(errs, os.RemoveAll(runFolder(dir, baseline, seed)), os.RemoveAll(runFolder(dir, candidate, seed)))
	}
	return errors.Join(errs...)
}

// ReadTwins reads the folder of a comparison as it stands: complete pairs in Pairs, others in Begun.
func ReadTwins(dir string) (*Comparison, error) {
	var r twinsRecord
	if err := readJSON(filepath.Join(dir, twinsFile), &r); err != nil {
		return nil, err
	}
	c := &Comparison{Twins: Twins{Seeds: r.Seeds, shared: strings.HasPrefix(r.Baseline, beside)}}
	for _, p := range r.Pairs {
		pair := Pair{Seed: p.Seed, Shared: p.Shared, InitHash: p.InitHash}
		if err := errors.Join(readSide(dir, r.Baseline, p.Seed, &c.Baseline, &pair.Baseline), readSide(dir, r.Candidate, p.Seed, &c.Candidate, &pair.Candidate)); err != nil {
			return nil, err
		}
		if pair.complete() {
			c.Pairs = append(c.Pairs, pair)
		} else {
			c.Begun = append(c.Begun, pair)
		}
	}
	if c.Baseline.Preset == "" && c.Baseline.Model.Arch == "" {
		return nil, conf.WithCode(fmt.Errorf("train: %s: no comparison that has begun; expected a folder with %s and runs", dir, twinsFile), conf.ExitInput)
	}
	if c.Candidate.Model.Arch == "" { // the baseline is trained first
		twin, err := c.Baseline.With(r.Candidate)
		if err != nil {
			return nil, err
		}
		c.Candidate = twin
	}
	return c, c.decide()
}

// readSide reads one run of a pair; one that has not begun leaves recipe and summary alone.
func readSide(dir, side string, seed uint64, recipe *Recipe, summary *Summary) error {
	folder := runFolder(dir, side, seed)
	if _, err := os.Stat(filepath.Join(folder, configFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := oneRecipe(folder); err != nil {
		return err
	}
	run, err := ReadRun(folder)
	if err != nil {
		return err
	}
	*recipe, *summary = run.Recipe, run.Summary
	return nil
}

func (p Pair) complete() bool { return p.Baseline.Done && p.Candidate.Done }

// decide draws the conclusion from the complete pairs.
func (c *Comparison) decide() (err error) {
	m, err := c.Candidate.Open()
	if err != nil {
		return err
	}
	c.Extras = m.Extras()
	if len(c.Pairs) == 0 {
		return nil
	}
	var candidate, baseline []float64
	for _, p := range c.Pairs {
		candidate, baseline = append(candidate, p.Candidate.Measure()), append(baseline, p.Baseline.Measure())
	}
	c.Comparison, err = stat.Compare(candidate, baseline, stat.LowerIsBetter, c.Pairs[0].Seed)
	return err
}
