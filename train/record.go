package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dyt-go/dyt/internal/conf"
	"go.yaml.in/yaml/v3"
)

// Record is a run folder as it stands, whether the run is at its end, goes on, or was stopped.
type Record struct {
	Dir     string
	Recipe  Recipe
	Status  Status
	Changes []Change // of the recipe, oldest first
	Summary Summary
}

// ReadRun reads a run folder. Checkpoints are not opened.
func ReadRun(dir string) (*Record, error) {
	r := &Record{Dir: dir}
	content, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		return nil, conf.WithCode(fmt.Errorf("train: %w; expected the folder of a run", err), conf.ExitInput)
	}
	if err := yaml.Unmarshal(content, &r.Recipe); err != nil {
		return nil, conf.WithCode(fmt.Errorf("train: %s: %w", filepath.Join(dir, configFile), err), conf.ExitInput)
	}
	var id identity
	if err := errors.Join(readJSON(filepath.Join(dir, runFile), &id), readJSON(filepath.Join(dir, statusFile), &r.Status)); err != nil {
		return nil, err
	}
	s := Summary{Norm: r.Recipe.NormName(), Params: id.Params, Seen: r.Status.Seen, Done: r.Status.State == "done"}
	all := func(Metrics) bool { return true }
	if s.Metrics, err = readLines(filepath.Join(dir, metricsFile), all); err != nil {
		return nil, conf.WithCode(err, conf.ExitInput)
	}
	if s.AllSites, err = readLines(filepath.Join(dir, sitesFile), func(SiteMetrics) bool { return true }); err != nil {
		return nil, conf.WithCode(err, conf.ExitInput)
	}
	if r.Changes, err = readChanges(dir); err != nil {
		return nil, conf.WithCode(err, conf.ExitInput)
	}
	if s.Sample, err = readSample(dir); err != nil {
		return nil, err
	}
	s.read()
	r.Summary = s
	return r, nil
}

// readJSON reads a file into v; one that is not there yet leaves v alone.
func readJSON(path string, v any) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := json.Unmarshal(content, v); err != nil {
		return conf.WithCode(fmt.Errorf("train: %s: %w", path, err), conf.ExitInput)
	}
	return nil
}
