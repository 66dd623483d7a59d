package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/train/events"
	"github.com/dyt-go/dyt/weights"
)

// folder is what a run leaves on disk:
//
//	run.json                 what ran where: immutable
//	config.yaml              the resolved recipe
//	config.sources.json      where each of its values came from
//	config.changes.jsonl     what it was before, if it was another
//	metrics.jsonl            one Metrics a line: the source of truth
//	inspect/sites.jsonl      one SiteMetrics a line
//	samples/step-000100.txt  what a network of text writes
//	events/                  the same numbers for TensorBoard
//	status.json              state, step, process: replaced as a whole
//	checkpoints/step-000100/ see checkpoint.go; last and best are links
//
// Without a dir only the lines in memory are kept.
type folder struct {
	dir       string
	lines     []Metrics
	siteLines []SiteMetrics
	events    *events.Writer
	changed   []Difference // from the recipe that the folder had
}

// identity is run.json.
type identity struct {
	Command  []string   `json:"command"`
	Build    host.Build `json:"build"`
	Host     host.Info  `json:"host"`
	Seed     uint64     `json:"seed"`
	Data     string     `json:"data_sha256"`
	InitHash string     `json:"init_sha256"` // of the first values of every parameter
	Params   int64      `json:"params"`
	Started  time.Time  `json:"started"`
}

// Status is status.json.
type Status struct {
	State   string    `json:"state"` // running, done, interrupted, diverged, failed
	Step    int       `json:"step"`
	Steps   int       `json:"steps"`
	PID     int       `json:"pid"`
	ETA     float64   `json:"eta_s"`
	Seen    string    `json:"seen"` // hash of the batches so far
	Error   string    `json:"error,omitempty"`
	Updated time.Time `json:"updated"`
}

const (
	metricsFile = "metrics.jsonl"
	sitesFile   = "inspect/sites.jsonl"
	runFile     = "run.json"
	statusFile  = "status.json"
)

func (r *Run) openFolder(dir string, d *data.Dataset, mayChange bool) error {
	if err := os.MkdirAll(filepath.Join(dir, "inspect"), 0o777); err != nil {
		return fmt.Errorf("train: run folder: %w; name a folder that you may write to with --out", err)
	}
	r.dir = dir
	changes, err := r.configChanges()
	if err != nil {
		return err
	}
	if len(changes) > 0 && !mayChange {
		return &ConfigChanged{filepath.Join(dir, configFile), changes}
	}
	if err := mayGoOnWith(dir, changes); err != nil {
		return err
	}
	from, err := r.resume()
	if err == nil {
		err = r.change(changes)
	}
	if err != nil {
		return err
	}
	if err := r.writeConfig(); err != nil {
		return err
	}
	if r.events, err = events.New(filepath.Join(dir, "events"), time.Now); err != nil {
		return err
	}
	if from {
		return errors.Join(r.events.Restart(int64(r.step)), r.status("running", nil), r.rewind())
	}
	hash, err := r.InitHash(nil)
	if err != nil {
		return err
	}
	id := identity{Command: os.Args, Build: host.ThisBuild(), Host: host.Describe(), Seed: r.Recipe.Train.Seed, Data: d.ID(), InitHash: hash, Params: r.Summary().Params, Started: time.Now()}
	return errors.Join(writeJSON(filepath.Join(dir, runFile), id), r.status("running", nil), r.rewind())
}

// rewind makes the files of metrics and the samples end where the run stands.
func (r *Run) rewind() error {
	metrics, err := readLines(filepath.Join(r.dir, metricsFile), func(m Metrics) bool { return m.Step <= r.step })
	if err != nil {
		return err
	}
	sites, err := readLines(filepath.Join(r.dir, sitesFile), func(m SiteMetrics) bool { return m.Step <= r.step })
	if err != nil {
		return err
	}
	r.lines, r.siteLines = metrics, sites
	return errors.Join(writeLines(filepath.Join(r.dir, metricsFile), metrics), writeLines(filepath.Join(r.dir, sitesFile), sites), r.dropSamples())
}

func (r *Run) record(m Metrics) error {
	r.lines = append(r.lines, m)
	if r.dir == "" {
		return nil
	}
	step := int64(m.Step)
	errs := []error{
		appendLine(filepath.Join(r.dir, metricsFile), m),
		r.events.Scalar(step, "loss", m.Loss), r.events.Scalar(step, "lr", m.LR), r.events.Scalar(step, "grad_norm", m.GradNorm),
		r.events.Scalar(step, "tok_per_s", m.PerSecond), r.events.Scalar(step, "step_ms", m.StepMS), r.events.Scalar(step, "data_ms", m.DataMS),
		r.events.Scalar(step, "epoch", m.Epoch), r.events.Scalar(step, "rss_bytes", float64(m.Resident)),
	}
	for tag, v := range map[string]*float64{"bpb": m.BPB, "eval/loss": m.EvalLoss, "eval/bpb": m.EvalBPB, "eval/top1": m.EvalTop1,
		"eval/ema_loss": m.EMALoss, "eval/ema_bpb": m.EMABPB, "eval/ema_top1": m.EMATop1} {
		if v != nil {
			errs = append(errs, r.events.Scalar(step, tag, *v))
		}
	}
	return errors.Join(append(errs, r.status("running", nil))...)
}

func (r *Run) recordSites(lines []SiteMetrics) error {
	r.siteLines = append(r.siteLines, lines...)
	if r.dir == "" {
		return nil
	}
	var errs []error
	for _, l := range lines {
		errs = append(errs, appendLine(filepath.Join(r.dir, sitesFile), l))
	}
	return errors.Join(errs...)
}

func (r *Run) status(state string, cause error) error {
	s := Status{State: state, Step: r.step, Steps: r.steps, PID: os.Getpid(), Seen: r.source.Seen(), Updated: time.Now()}
	if r.step > 0 {
		s.ETA = (r.spent / time.Duration(r.step) * time.Duration(r.steps-r.step)).Seconds()
	}
	if cause != nil {
		s.Error = cause.Error()
	}
	return writeJSON(filepath.Join(r.dir, statusFile), s)
}

// finish writes how the run ended.
func (r *Run) finish(err error) error {
	if r.dir == "" {
		return nil
	}
	var interrupted *Interrupted
	var diverged *Diverged
	switch {
	case err == nil:
		return r.status("done", nil)
	case errors.As(err, &interrupted):
		return r.status("interrupted", err)
	case errors.As(err, &diverged):
		return r.status("diverged", err)
	}
	return r.status("failed", err)
}

// writeJSON replaces a file as a whole.
func writeJSON(path string, v any) error {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("train: %s: %w", path, err)
	}
	return weights.AtomicFile(path, func(w io.Writer) error { _, err := w.Write(append(content, '\n')); return err })
}

func (f *folder) close() error {
	if f.events == nil {
		return nil
	}
	return f.events.Close()
}

// appendLine appends v as one line of JSON, in one write.
func appendLine(path string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("train: %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// readLines reads the lines of a file that keep holds for; a last line that a killed process left unfinished is none.
func readLines[T any](path string, keep func(T) bool) ([]T, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	var all []T
	for line := range bytes.Lines(content) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break
			}
			return nil, fmt.Errorf("train: %s: line %d: %w", path, len(all)+1, err)
		}
		if keep(v) {
			all = append(all, v)
		}
	}
	return all, nil
}

func writeLines[T any](path string, lines []T) error {
	return weights.AtomicFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	})
}
