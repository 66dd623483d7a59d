package train

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train/optim"
	"go.yaml.in/yaml/v3"
)

// Layers say where a recipe comes from, lowest first: what every recipe begins with, a preset, files, the environment,
// settings by hand.
type Layers struct {
	Name    string   // a preset, a YAML file, or the folder of a run or of a comparison
	Files   []string // YAML, over what Name gives
	Environ []string // "NAME=value" entries; those that begin with DYT_ count
	By      []Setting
	Steps   int  // updates, instead of a number of tokens; 0: none given
	Unread  bool // no data will be read: a source without its path will do
}

// Setting is one key given by hand.
type Setting struct{ Key, Text, Source string }

// Resolved is a recipe with the source of each of its values.
type Resolved struct {
	Recipe
	*conf.Config
	Folder string // of the run that Name is; else empty
}

// Twins returns the recipe as the candidate of a comparison against another norm: with "" the one that the architecture has
// in the papers before ours. Seeds are a number of them or a list.
func (r *Resolved) Twins(against, seeds string, matchExtras bool) (Twins, error) {
	own, err := r.Recipe.Baseline()
	if err != nil {
		return Twins{}, err
	}
	t := Twins{Candidate: r.Recipe}
	if t.Baseline, err = r.With(cmp.Or(against, string(own))); err != nil {
		return Twins{}, err
	}
	t.Baseline.Model.Extras = matchExtras
	if t.Seeds, err = Seeds(seeds, r.Train.Seed); err != nil {
		return Twins{}, err
	}
	return t, t.Check()
}

// Default is what every recipe begins with, whatever it trains.
func Default() Recipe {
	return Recipe{
		Train: Budget{Batch: 16, Accumulate: 1, Precision: "f32", Seed: 1, Log: 10, Eval: 100},
		Optim: Optim{Config: optim.Default(), LR: 1e-3, End: 0.1, Schedule: cosine, Warmup: 0.05, WarmupShape: linear, DecaySchedule: constant},
		Save:  Save{Every: 200, Keep: 2},
	}
}

// Keys returns the dotted keys of a recipe.
func Keys() []string { return conf.Of(&Recipe{}, "").Keys() }

// Resolve puts the layers on one another and checks the result. A layer that names another norm, or another size of
// model, brings along the architecture's settings of that norm; what the same or a later layer says beside it stays.
func (l Layers) Resolve() (*Resolved, error) {
	preset, files, folder, err := locate(l.Name)
	if err != nil {
		return nil, err
	}
	r := &Resolved{Recipe: Default(), Folder: folder}
	r.Config = conf.Of(&r.Recipe, "default")
	if preset != "" {
		first, err := Find(preset)
		if err != nil {
			return nil, conf.WithCode(err, conf.ExitUsage)
		}
		r.SetFrom(&first, "preset "+preset)
	}
	for _, file := range append(files, l.Files...) {
		if err := r.layer(func() error { return r.File(file) }); err != nil {
			return nil, err
		}
	}
	if err := r.layer(func() error { return r.Env(l.Environ) }); err != nil {
		return nil, err
	}
	if err := r.layer(func() error { return r.byHand(l.By) }); err != nil {
		return nil, err
	}
	if r.Preset != preset {
		return nil, conf.WithCode(fmt.Errorf("train: %s: preset is %q after %q was read; name the preset in place of %s", r.Source("preset"), r.Preset, preset, l.Name), conf.ExitUsage)
	}
	if l.Steps != 0 {
		if err := r.Set("train.tokens", fmt.Sprint(r.WithSteps(l.Steps).Train.Tokens), "steps"); err != nil {
			return nil, err
		}
	}
	if l.Unread && r.Data.NeedsPath() {
		r.Data.Path = "unread"
	}
	if err := r.Check(); err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	if err := r.fitIntervals(); err != nil {
		return nil, err
	}
	_, err = r.Open()
	return r, conf.WithCode(err, conf.ExitUsage)
}

// layer applies one layer, and the architecture's settings of a norm where the layer chose one.
func (r *Resolved) layer(apply func() error) error {
	kind, model, before := r.Norm.Kind, r.Model, r.Sources()
	if err := apply(); err != nil {
		return err
	}
	if r.Norm.Kind == kind && r.Model.Arch == model.Arch && r.Model.Variant == model.Variant {
		return nil
	}
	own, err := r.WithNorm(r.Norm.Kind)
	if err != nil {
		return conf.WithCode(err, conf.ExitUsage)
	}
	r.Take(&own, fmt.Sprintf("norm %s of %s %s", r.Norm.Kind, r.Model.Arch, r.Model.Variant), func(key string) bool {
		return strings.HasPrefix(key, "norm.") && key != "norm.kind" && r.Source(key) == before[key]
	})
	return nil
}

// points that a curve has at least, where the run has as many updates: of the validation and of the training loss.
const evalPoints, logPoints = 4, 20

// fitIntervals shortens the intervals of a run that is short for its preset, unless somebody has set them.
func (r *Resolved) fitIntervals() error {
	steps := r.Steps()
	for key, interval := range map[string]struct{ is, points int }{"train.eval": {r.Train.Eval, evalPoints}, "train.log": {r.Train.Log, logPoints}} {
		fits := (steps + interval.points - 1) / interval.points
		source := r.Source(key)
		if interval.is <= fits || source != "default" && !strings.HasPrefix(source, "preset ") {
			continue
		}
		if err := r.Set(key, fmt.Sprint(fits), fmt.Sprintf("%d points in %d updates", interval.points, steps)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Resolved) byHand(settings []Setting) error {
	for _, s := range settings {
		if err := r.Set(s.Key, s.Text, s.Source); err != nil {
			return err
		}
	}
	return nil
}

// locate finds what a name stands for.
func locate(name string) (preset string, files []string, folder string, err error) {
	if _, err := Find(name); err == nil {
		return name, nil, "", nil
	}
	info, err := os.Stat(name)
	path := name
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\`) && filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml":
		_, err := Find(name)
		return "", nil, "", conf.WithCode(fmt.Errorf("%w; nor is there a file of this name", err), conf.ExitUsage)
	case err != nil:
		return "", nil, "", conf.WithCode(fmt.Errorf("train: recipe: %w; expected a preset, a YAML file or the folder of a run", err), conf.ExitInput)
	case IsRanking(name):
		return "", nil, "", conf.WithCode(fmt.Errorf("train: %s holds a ranking; give the command that began it again, its folder with --out", name), conf.ExitUsage)
	case IsComparison(name):
		c, err := ReadTwins(name)
		if err != nil {
			return "", nil, "", err
		}
		_, candidate := c.sides()
		path = filepath.Join(runFolder(name, candidate, c.Seeds[0]), configFile)
		if _, err := os.Stat(path); err != nil {
			return "", nil, "", conf.WithCode(fmt.Errorf("train: %s: the comparison was stopped before %s began; give the command that began it again", name, candidate), conf.ExitInput)
		}
	case info.IsDir():
		folder, path = name, filepath.Join(name, configFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", nil, "", conf.WithCode(fmt.Errorf("train: recipe: %w; expected a preset, a YAML file or the folder of a run", err), conf.ExitInput)
	}
	var head struct{ Preset string }
	if err := yaml.Unmarshal(content, &head); err != nil {
		return "", nil, "", conf.WithCode(fmt.Errorf("train: recipe: %s: %w", path, err), conf.ExitUsage)
	}
	return head.Preset, []string{path}, folder, nil
}
