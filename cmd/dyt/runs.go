package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/weights"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// stopped is the cause of a context that a signal ended.
type stopped struct{ os.Signal }

func (s stopped) Error() string { return s.Signal.String() }

// interruptible returns a context that the first SIGINT, SIGTERM or SIGUSR1 ends; a second one ends the process.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals...)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals) // the next one has the system's own effect
			cancel(stopped{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// workplace is where a command trains.
type workplace struct {
	ctx     context.Context // which a signal ends
	backend compute.Backend
	close   func()
}

func openWorkplace(cmd *cobra.Command, backendName string) (*workplace, error) {
	backend, err := openBackend(backendName)
	if err != nil {
		return nil, err
	}
	ctx, stop := interruptible(cmd.Context())
	return &workplace{ctx, backend, func() { stop(); backend.Finalize() }}, nil
}

// load reads the data of a recipe whose run fits in memory.
func (c *console) load(w *workplace, r train.Recipe) (*data.Dataset, error) {
	if err := c.need(w.backend, r); err != nil {
		return nil, err
	}
	d, err := data.Load(w.ctx, r.Data)
	if err != nil {
		return nil, inputError(err)
	}
	c.note("%s", d)
	return d, nil
}

// trainError gives an error of training its exit code, inputError one of reading what a run begins with.
func trainError(err error) error { return exitCode(err, conf.ExitFailed) }
func inputError(err error) error { return exitCode(err, conf.ExitInput) }

func exitCode(err error, otherwise int) error {
	var signal stopped
	var diverged *train.Diverged
	var changed *train.ConfigChanged
	var missing *data.Missing
	var format *weights.FormatError
	switch {
	case errors.As(err, &signal) && signal.Signal == syscall.SIGTERM:
		return conf.WithCode(err, conf.ExitTerminated)
	case errors.As(err, &signal) && signal.Signal == os.Interrupt:
		return conf.WithCode(err, conf.ExitInterrupted)
	case errors.As(err, &signal):
		return conf.WithCode(err, conf.ExitRequeue)
	case errors.As(err, &diverged):
		return conf.WithCode(err, conf.ExitDiverged)
	case errors.As(err, &changed):
		return conf.WithCode(err, conf.ExitUsage)
	case errors.Is(err, errors.ErrUnsupported):
		return conf.WithCode(err, conf.ExitUnsupported)
	case errors.As(err, &format), errors.As(err, &missing), errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return conf.WithCode(err, conf.ExitInput)
	}
	return conf.WithCode(err, otherwise)
}

// commandLine is the command as it was given.
func commandLine() string { return "dyt " + strings.Join(os.Args[1:], " ") }

// leadOf says in a sentence what a comparison compares.
func leadOf(t train.Twins) string {
	return fmt.Sprintf("%s and %s from one start, on the same batches in the same order: %s each.", t.Baseline.Title(), t.Candidate.Title(), t.Candidate.Describe())
}

// identity is what a report says about programs, machine and data.
func identity(engine string, d *data.Dataset) []report.Facts {
	b, h := host.ThisBuild(), host.Describe()
	programs := report.Facts{Title: "Programs", Rows: []report.Fact{{Name: "dyt", Value: strings.TrimSpace(b.Version + " " + b.Commit)}, {Name: "go", Value: b.Go + " " + b.Platform}, {Name: "backend", Value: engine}}}
	for _, path := range slices.Sorted(maps.Keys(b.Modules)) {
		programs.Rows = append(programs.Rows, report.Fact{Name: path, Value: b.Modules[path]})
	}
	machine := report.Facts{Title: "Machine", Rows: []report.Fact{{Name: "CPU", Value: fmt.Sprintf("%s, %d threads, %s", h.CPU, h.Threads, strings.Join(h.ISA, " "))}, {Name: "memory", Value: fmt.Sprintf("%.1f GiB", gib(h.MemoryBytes))}}}
	facts := []report.Facts{programs, machine}
	if d != nil {
		rows := []report.Fact{{Name: "sha256", Value: d.ID()}}
		if d.Corpus != nil {
			rows = append(rows, report.Fact{Name: "text", Value: strings.TrimSpace(d.Corpus.From + " " + d.Corpus.Version)}, report.Fact{Name: "split", Value: d.Corpus.Split}, report.Fact{Name: "licence", Value: d.Corpus.Licence})
		}
		facts = append(facts, report.Facts{Title: "Data", Rows: rows})
	}
	return facts
}
