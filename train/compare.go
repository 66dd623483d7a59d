package train

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/gomlx/compute"
)

// Twins are two recipes that differ in their norm alone, under some seeds.
type Twins struct {
	Baseline, Candidate Recipe
	Seeds               []uint64

	Say func(format string, a ...any) // where not nil, is told of checkpoints that were damaged and passed over

	shared bool // the baseline's runs stand beside the comparison's folder, where other candidates find them too
}

// Pair is both twins under one seed, with the proof that the comparison was fair.
type Pair struct {
	Seed                uint64
	Baseline, Candidate Summary
	Shared              int    // parameters that both started with alike
	InitHash            string // of their first values
}

// Comparison is what twins came to. The measure is bits per byte of text, and the error rate of images: lower is better.
type Comparison struct {
	Twins
	Extras []string // what the candidate's norm brings along
	Pairs  []Pair   // complete
	Begun  []Pair   // not yet
	stat.Comparison
}

// Measure returns what decides: bits per byte of text, the share of wrong predictions of images.
func (s Summary) Measure() float64 {
	if s.ValBPB != 0 {
		return s.ValBPB
	}
	return 1 - s.ValTop1
}

// Watch is told of every update of every run of a comparison.
type Watch func(r Recipe, m Metrics, steps int)

// Check returns an error unless the recipes differ in their norm alone, and the seeds are there and different.
func (t Twins) Check() error {
	a, b := t.Baseline, t.Candidate
	if reflect.DeepEqual(a.Norm, b.Norm) && a.Model == b.Model {
		return fmt.Errorf("train: compare: both twins have norm %s with the same settings, expected two", a.NormName())
	}
	a.Norm, a.Model.Method, a.Model.Extras, a.Preset = b.Norm, b.Model.Method, b.Model.Extras, b.Preset
	if !reflect.DeepEqual(a, b) {
		return errors.New("train: compare: the recipes differ in more than the norm; twins share everything else")
	}
	if len(t.Seeds) == 0 {
		return errors.New("train: compare: no seed, expected at least one")
	}
	for i, s := range t.Seeds {
		for _, other := range t.Seeds[:i] {
			if s == other {
				return fmt.Errorf("train: compare: seed %d is given twice; a pair counted twice is no evidence", s)
			}
		}
	}
	return errors.Join(t.Baseline.Check(), t.Candidate.Check())
}

// Run trains every pair, one run after the other, in folders under dir, and compares. Runs that are complete there are
// not repeated and runs that were stopped go on. Without a dir nothing is written. finished, when not nil, gets each run
// before it is closed.
func (t Twins) Run(ctx context.Context, backend compute.Backend, d *data.Dataset, dir string, watch Watch, finished func(*Run) error) (*Comparison, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	c := &Comparison{Twins: t, Pairs: make([]Pair, len(t.Seeds))}
	for i, seed := range t.Seeds {
		c.Pairs[i].Seed = seed
		if err := t.fair(backend, d, seed, &c.Pairs[i]); err != nil {
			return nil, err
		}
	}
	if dir != "" {
		if err := t.writeTwins(dir, c.Pairs); err != nil {
			return nil, err
		}
	}
	baseline, candidate := t.sides()
	for i := range c.Pairs {
		p := &c.Pairs[i]
		for _, side := range []struct {
			name    string
			recipe  Recipe
			summary *Summary
		}{{baseline, t.Baseline, &p.Baseline}, {candidate, t.Candidate, &p.Candidate}} {
			folder := ""
			if dir != "" {
				folder = runFolder(dir, side.name, p.Seed)
			}
			side.recipe.Train.Seed = p.Seed
			var err error
			if *side.summary, err = t.trainSide(ctx, backend, side.recipe, d, folder, watch, finished); err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", side.name, p.Seed, err)
			}
		}
		if p.Baseline.Seen != p.Candidate.Seen {
			return nil, fmt.Errorf("BUG: train: compare: the twins of seed %d saw other batches: %s and %s", p.Seed, p.Baseline.Seen, p.Candidate.Seen)
		}
	}
	return c, c.decide()
}

// trainSide is one run of a comparison.
func (t Twins) trainSide(ctx context.Context, backend compute.Backend, r Recipe, d *data.Dataset, folder string, watch Watch, finished func(*Run) error) (Summary, error) {
	run, err := Open(backend, r, d, folder)
	if err != nil {
		return Summary{}, err
	}
	for _, damaged := range run.Skipped {
		if t.Say != nil {
			t.Say("warning: passed over: %v", damaged)
		}
	}
	if err := oneRecipe(folder); err != nil {
		return Summary{}, errors.Join(err, run.Close())
	}
	err = run.Train(ctx, func(m Metrics) {
		if watch != nil {
			watch(r, m, run.steps)
		}
	})
	if err == nil && finished != nil {
		err = finished(run)
	}
	return run.Summary(), errors.Join(err, run.Close())
}

// fair compares the first values of both twins, which must be the same wherever both start alike.
func (t Twins) fair(backend compute.Backend, d *data.Dataset, seed uint64, p *Pair) error {
	a, b := t.Baseline, t.Candidate
	a.Train.Seed, b.Train.Seed = seed, seed
	first, err := Open(backend, a, d, "")
	if err != nil {
		return err
	}
	defer first.Close()
	second, err := Open(backend, b, d, "")
	if err != nil {
		return err
	}
	defer second.Close()
	paths := Shared(first, second)
	one, err := first.InitHash(paths)
	if err != nil {
		return err
	}
	two, err := second.InitHash(paths)
	if err != nil {
		return err
	}
	if one != two {
		return fmt.Errorf("BUG: train: compare: the twins of seed %d start with other values: %s and %s", seed, one, two)
	}
	p.Shared, p.InitHash = len(paths), one
	return nil
}
