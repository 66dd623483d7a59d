package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/history"
	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// benchFlags are the settings of dyt bench.
type benchFlags struct {
	measure.Plan
	norms   []string
	widths  []int
	rows    int
	layers  int
	tokens  int
	shapes  []string
	fusion  []string
	out     string
	history string
	format  string
	backend string

	compares bool   // rows say their fusion
	chosen   string // of a model's size, why
}

// aBench is a word after "dyt bench", with what its flags are where they are not given.
type aBench struct {
	name   string
	limit  time.Duration
	count  int
	warmUp int
	norms  []string
	fusion []string
	apart  bool // one fusion after the other
	cases  func(f *benchFlags, kinds []norm.Kind, b *bench, engines []*engine) ([]measure.Case, error)
}

// modelLimit ends dyt bench model within three minutes.
const modelLimit = 165 * time.Second

var benches = []aBench{
	{"layers", 20 * time.Second, 10, 2, []string{"dyt", "rmsnorm", "layernorm", "identity"}, []string{"all"}, false, layersCases},
	{"model", modelLimit, 20, 1, []string{"rmsnorm", "dyt", "identity"}, []string{"none", "elementwise", "all"}, true, modelCases},
	{"growth", time.Minute, 10, 2, []string{"dyt"}, []string{"all"}, false, growthCases},
	{"gemm", 25 * time.Second, 10, 2, nil, []string{"all"}, false, gemmCases},
	{"peak", 25 * time.Second, 10, 2, nil, nil, false, peakCases},
}

// findBench returns the bench of a word, with an error that says which there are.
func findBench(word string) (aBench, error) {
	var names []string
	for _, b := range benches {
		if b.name == word {
			return b, nil
		}
		names = append(names, b.name)
	}
	return aBench{}, usage("dyt bench %s: expected one of %s%s", word, strings.Join(names, ", "), suggest.DidYouMean(word, names))
}

func benchCommand(c *console) *cobra.Command {
	f := benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench layers|model|growth|gemm|peak",
		Short: "Measure what normalization costs: norm layers, matrix products, and what the machine can do at best",
		Long: `bench times pieces of networks on this machine, float32, and puts each figure beside what the machine can do in the same
minute: its multiply-adds from registers, its copy of as many bytes.

  layers   norm layers over --rows tokens: forward, and forward + backward with every gradient; "to identity" is the time over
           that of the same place without a norm, which still has to be copied
  model    a LLaMA of layers as in 7B (width 4096) on one text, inference and training (forward + backward), with each norm, by
           each fusion; "norms" is the model's time beyond that of the same model with the identity in their place. Without
           --layers and --tokens it has as many as memory and --limit allow, by a first run of one layer
  growth   training steps of a LLaMA with 1, 2, 4 and 8 times the tokens, the layers, the width of the first (width 128): time
           against arithmetic
  gemm     the dense layers of two small networks, forward (NT), and the gradient of weights (TN)
  peak     multiply-adds of every flavour of kernels, and copies within and beyond the caches

Cases run in turn, --count times, every second time backwards, so that a slow minute is a slow minute of all.`,
		Example: "  dyt bench layers\n  dyt bench layers --norms dyt,rmsnorm,derf --widths 64,256,1024,4096,16384 --out runs/layers\n  dyt bench model\n  dyt bench model --layers 2 --tokens 256 --fusion all\n  dyt bench growth --layers 2 --out runs/growth\n  dyt bench gemm --shapes 1024x1024x1024 --format bench --count 20\n  dyt bench peak",
		Args:    exactly(1, "one of layers, model, growth, gemm, peak"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return c.bench(ctx, &f, cmd.Flags(), args[0])
		},
	}
	f.add(cmd.Flags())
	return cmd
}

// add gives a command the flags of dyt bench. Zeros stand for what each bench chooses itself.
func (f *benchFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.Count, "count", 10, "samples of each case (default of model: 20, fewer by --limit)")
	flags.IntVar(&f.WarmUp, "warmup", 2, "rounds before them (default of model: 1)")
	flags.DurationVar(&f.Limit, "limit", 0, "end after about this long, with the samples that are there; 0: no limit (default: 25s, of layers 20s, of model 2m45s, of growth 1m)")
	flags.StringSliceVar(&f.norms, "norms", nil, "kinds of norms (default: dyt,rmsnorm,layernorm,identity, of model rmsnorm,dyt,identity, of growth dyt)")
	flags.IntSliceVar(&f.widths, "widths", nil, "of layers (default: 256,1024,4096), or the one of model (default: 4096) and of growth (128)")
	flags.IntVar(&f.rows, "rows", 4096, "tokens of layers")
	flags.IntVar(&f.layers, "layers", 0, "of the model (default: as many as fit, of growth 1)")
	flags.IntVar(&f.tokens, "tokens", 0, "of the model's text (default: as many as fit, of growth 128)")
	flags.StringSliceVar(&f.shapes, "shapes", nil, "of products, MxKxN (default: those of the benchmark's networks)")
	flags.StringSliceVar(&f.fusion, "fusion", nil, "how far ops run together: none (one kernel an op), elementwise, all; several to compare them (default: all, of model all three)")
	flags.StringVar(&f.out, "out", "", "write report.html and its figures into this folder")
	flags.StringVar(&f.history, "history", historyFile(), "append a line about this run, medians and roofs, to this file; \"\" for none (default: "+historyPath+", where there is one)")
	flags.StringVar(&f.format, "format", "table", "table, json, csv, or bench: the format of go test -bench")
	addBackend(flags, &f.backend)
}

// settle fills in what was not given and refuses what cannot be.
func (f *benchFlags) settle(set *pflag.FlagSet, word string) (aBench, []norm.Kind, error) {
	chosen, err := findBench(word)
	if err != nil {
		return chosen, nil, err
	}
	f.compares = set.Changed("fusion") || len(chosen.fusion) > 1
	for name, choose := range map[string]func(){
		"limit": func() { f.Limit = chosen.limit }, "count": func() { f.Count = chosen.count }, "warmup": func() { f.WarmUp = chosen.warmUp },
		"norms": func() { f.norms = chosen.norms }, "fusion": func() { f.fusion = chosen.fusion },
	} {
		if !set.Changed(name) {
			choose()
		}
	}
	if set.Changed("layers") && f.layers < 1 {
		return chosen, nil, usage("--layers %d: expected at least one", f.layers)
	}
	if set.Changed("tokens") && f.tokens < 1 {
		return chosen, nil, usage("--tokens %d: expected at least one", f.tokens)
	}
	if !slices.Contains([]string{"table", "json", "csv", "bench"}, f.format) {
		return chosen, nil, usage("--format is %q, expected table, json, csv or bench", f.format)
	}
	if f.history != "" {
		if err := history.Check(f.history); err != nil {
			return chosen, nil, usage("--history %s: %w", f.history, err)
		}
	}
	if err := f.Check(); err != nil {
		return chosen, nil, conf.WithCode(err, conf.ExitUsage)
	}
	kinds, err := normKinds(f.norms)
	return chosen, kinds, err
}

// bench measures what word names.
func (c *console) bench(ctx context.Context, f *benchFlags, set *pflag.FlagSet, word string) error {
	f.Began = time.Now()
	if c.json {
		f.format = "json"
	}
	chosen, kinds, err := f.settle(set, word)
	if err != nil {
		return err
	}
	c.json = f.format == "json"
	if f.out != "" {
		if err := emptyFolder(f.out); err != nil {
			return err
		}
	}
	b, err := openBench(f)
	if err != nil {
		return err
	}
	defer b.close()
	rows, cases, err := c.measure(ctx, f, chosen, kinds, b)
	if err != nil {
		return err
	}
	done := b.report(rows, cases)
	if f.out != "" {
		path, err := done.Page("dyt "+strings.Join(os.Args[1:], " ")).Write(f.out, true)
		if err != nil {
			return conf.WithCode(err, conf.ExitFailed)
		}
		c.note("report    %s", path)
	}
	if f.history != "" {
		if err := c.keep(done.History("dyt bench "+word), f.history); err != nil {
			return err
		}
	}
	return c.benchResult(f.format, done)
}

// keep adds a line to a history.
func (c *console) keep(l history.Line, path string) error {
	if err := history.Append(path, l); err != nil {
		return conf.WithCode(err, conf.ExitFailed)
	}
	why := ""
	if l.Commit == history.Unknown {
		why = ", commit unknown: go build -buildvcs=true ./cmd/dyt makes a binary that knows it"
	}
	c.note("history   %s%s", path, why)
	return nil
}

// historyPath is where this repository keeps its runs.
const historyPath = "bench/history.jsonl"

// historyFile is that of the folder where the command runs, if it has one.
func historyFile() string {
	if _, err := os.Stat(historyPath); err != nil {
		return ""
	}
	return historyPath
}

// measure runs what chosen has, a group of engines after the other, and tells meanwhile where it stands. It returns the rows and of
// how many cases they are.
func (c *console) measure(ctx context.Context, f *benchFlags, chosen aBench, kinds []norm.Kind, b *bench) (rows []measure.Row, cases int, err error) {
	tell, groups := c.status(5*time.Second), b.groups(chosen.apart)
	for i, engines := range groups {
		list, err := chosen.cases(f, kinds, b, engines)
		if err != nil {
			return nil, 0, conf.WithCode(err, conf.ExitUsage)
		}
		if b.about != "" && i == 0 {
			c.note("%s", b.about)
		}
		c.note("%d cases, %d samples each", len(list), f.Count)
		plan := f.Plan
		plan.Limit = f.Limit * time.Duration(i+1) / time.Duration(len(groups))
		if !c.quiet {
			plan.Tell = func(p measure.Progress) {
				tell(fmt.Sprintf("%3.0f s  round %d of at most %d, case %d of %d: %s", p.Since.Seconds(), p.Round, p.Rounds, p.Case, p.Cases, p.Next), false)
			}
		}
		some, err := plan.Run(ctx, list, measure.Roof{GFLOPS: b.machine.gflops, Copy: b.machine.copy})
		if err != nil {
			return nil, 0, trainError(err)
		}
		rows, cases = append(rows, some...), cases+len(list)
		if chosen.apart {
			engines[0].end()
		}
	}
	if !c.quiet {
		tell(fmt.Sprintf("%3.0f s", time.Since(f.Began).Seconds()), true)
	}
	return rows, cases, nil
}

func normKinds(names []string) ([]norm.Kind, error) {
	var kinds []norm.Kind
	for _, name := range names {
		if _, known := norm.Lookup(norm.Kind(name)); !known {
			var all []string
			for _, k := range norm.Kinds() {
				all = append(all, string(k))
			}
			return nil, usage("--norms: no kind %q%s; there are: %s", name, suggest.DidYouMean(name, all), strings.Join(all, ", "))
		}
		kinds = append(kinds, norm.Kind(name))
	}
	return kinds, nil
}

func (c *console) benchResult(format string, r measure.Report) error {
	switch format {
	case "csv":
		return r.CSV(c.out)
	case "bench":
		return r.GoBench(c.out)
	}
	return c.result(r, func(w io.Writer) { r.Table(w) })
}
