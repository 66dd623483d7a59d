package train

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/weights"
	"go.yaml.in/yaml/v3"
)

// config.yaml is the recipe with which a run goes on. A run that is continued with another recipe, which only OpenChanged does,
// keeps the history in config.changes.jsonl, a Change a line: run.json still says how it began.

const (
	configFile  = "config.yaml"
	sourcesFile = "config.sources.json"
	changesFile = "config.changes.jsonl"
)

// Change says that a run went on with another recipe.
type Change struct {
	Step    int          `json:"step"` // updates done by then
	Time    time.Time    `json:"time"`
	Command []string     `json:"command"`
	Keys    []Difference `json:"keys"`
}

func (c Change) String() string {
	said := make([]string, len(c.Keys))
	for i, d := range c.Keys {
		said[i] = fmt.Sprintf("%s %s, before %s", d.Key, d.New, d.Old)
	}
	return fmt.Sprintf("after update %d: %s", c.Step, strings.Join(said, "; "))
}

// Difference is a key of two recipes that has two values.
type Difference struct {
	Key string `json:"key"`
	Old string `json:"old"`
	New string `json:"new"`
}

// differences compares two recipes key by key.
func differences(old, now Recipe) (all []Difference) {
	before, after := conf.Of(&old, "").Table(), conf.Of(&now, "").Table()
	for i, row := range before {
		if row[1] != after[i][1] {
			all = append(all, Difference{Key: row[0], Old: row[1], New: after[i][1]})
		}
	}
	return all
}

// ConfigChanged says that a folder holds a run, a comparison or a ranking of other settings.
type ConfigChanged struct {
	Path string
	Keys []Difference
}

func (e *ConfigChanged) Error() string {
	var old, now []string
	for _, d := range e.Keys {
		old, now = append(old, d.Key+": "+d.Old), append(now, d.Key+": "+d.New)
	}
	return fmt.Sprintf("train: %s has %s; this run %s; a run goes on only with its own recipe: use another folder, or the same settings",
		e.Path, strings.Join(old, ", "), strings.Join(now, ", "))
}

// configChanges compares the recipe with that of the folder, if there is one.
func (r *Run) configChanges() ([]Difference, error) {
	path := filepath.Join(r.dir, configFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: config: %w", err)
	}
	var old Recipe
	if err := yaml.Unmarshal(content, &old); err != nil {
		return nil, conf.WithCode(fmt.Errorf("train: %s: %w", path, err), conf.ExitInput)
	}
	return differences(old, r.Recipe), nil
}

// lasting are keys, or groups of them, that a run has for life: its network, its place in the data, the size of an update, what
// the states of its optimizer mean. Exceptions in these groups change nothing that is saved.
var (
	lasting    = []string{"model.", "norm.", "data.", "train.batch", "train.accumulate", "train.seed", "optim.name"}
	exceptions = []string{"model.drop_path", "data.path", "data.val_path", "data.workers"}
)

// mayGoOnWith returns an error that names the first difference with which no run goes on.
func mayGoOnWith(dir string, changes []Difference) error {
	for _, d := range changes {
		lasts := slices.ContainsFunc(lasting, func(key string) bool { return strings.HasPrefix(d.Key, key) })
		if lasts && !slices.Contains(exceptions, d.Key) {
			return conf.WithCode(fmt.Errorf("train: %s: a run keeps its %s: it is %s, and %s would be another run; use another folder", dir, d.Key, d.Old, d.New), conf.ExitUsage)
		}
	}
	return nil
}

// change goes on with another recipe: first its line in the history, then the recipe. A run that has no update behind it has no
// history, and a process killed between line and recipe has left the line.
func (r *Run) change(keys []Difference) error {
	if len(keys) == 0 {
		return nil
	}
	if r.step >= r.steps {
		return conf.WithCode(fmt.Errorf("train: %s has done %d updates, and the changed recipe asks for %d: nothing is left to do; raise train.tokens", r.dir, r.step, r.steps), conf.ExitUsage)
	}
	r.changed = keys
	if r.step == 0 {
		return nil
	}
	before, err := readChanges(r.dir)
	if err != nil {
		return err
	}
	if n := len(before); n > 0 && before[n-1].Step == r.step && slices.Equal(before[n-1].Keys, keys) {
		return nil
	}
	return appendLine(filepath.Join(r.dir, changesFile), Change{Step: r.step, Time: time.Now(), Command: os.Args, Keys: keys})
}

// writeConfig writes config.yaml where it is missing or has changed.
func (r *Run) writeConfig() error {
	if len(r.changed) == 0 && holds(r.dir, configFile) {
		return nil
	}
	content, err := yaml.Marshal(r.Recipe)
	if err != nil {
		return fmt.Errorf("train: config: %w", err)
	}
	return weights.AtomicFile(filepath.Join(r.dir, configFile), func(w io.Writer) error { _, err := w.Write(content); return err })
}

// WriteSources writes config.sources.json: where each value of the recipe came from. A continued run keeps the first, but for
// what has changed.
func (r *Run) WriteSources(sources map[string]string) error {
	path := filepath.Join(r.dir, sourcesFile)
	var before map[string]string
	if err := readJSON(path, &before); err != nil {
		return err
	}
	if before == nil {
		return writeJSON(path, sources)
	}
	if len(r.changed) == 0 {
		return nil
	}
	for _, d := range r.changed {
		before[d.Key] = sources[d.Key]
	}
	return writeJSON(path, before)
}

// readChanges returns the history of a run's recipe, oldest first; empty where it never changed.
func readChanges(dir string) ([]Change, error) {
	return readLines(filepath.Join(dir, changesFile), func(Change) bool { return true })
}

// oneRecipe returns an error if the run in a folder has had more than one recipe: such a one is no twin.
func oneRecipe(dir string) error {
	if dir == "" {
		return nil
	}
	changes, err := readChanges(dir)
	if err == nil && len(changes) > 0 {
		err = fmt.Errorf("train: %s has changed its recipe %s; twins have one from first to last: remove the folder, and the command that made it trains it anew", dir, changes[0])
	}
	return conf.WithCode(err, conf.ExitInput)
}
