package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
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
	format  string
	backend string
}

// aBench is a word after "dyt bench".
type aBench struct {
	name  string
	limit time.Duration // of --limit where it is not given
	norms []string      // of --norms where it is not given
	cases func(f *benchFlags, kinds []norm.Kind, b compute.Backend, m *roofline) ([]measure.Case, error)
}

var benches = []aBench{
	{"layers", 25 * time.Second, []string{"dyt", "rmsnorm", "layernorm", "identity"}, func(f *benchFlags, kinds []norm.Kind, b compute.Backend, _ *roofline) ([]measure.Case, error) {
		if len(f.widths) == 0 {
			f.widths = []int{256, 1024, 4096}
		}
		if err := fits(measure.LayersBytes(f.widths, f.rows), "dyt bench layers", "--rows or --widths"); err != nil {
			return nil, err
		}
		return measure.Layers(b, kinds, f.widths, f.rows)
	}},
	{"model", 3 * time.Minute, []string{"rmsnorm", "dyt", "identity"}, modelCases},
	{"growth", time.Minute, []string{"dyt"}, growthCases},
	{"gemm", 25 * time.Second, nil, func(f *benchFlags, _ []norm.Kind, b compute.Backend, _ *roofline) ([]measure.Case, error) {
		products, err := productShapes(f.shapes)
		if err != nil {
			return nil, err
		}
		if err := fits(measure.GemmsBytes(products), "dyt bench gemm", "--shapes"); err != nil {
			return nil, err
		}
		return measure.Gemms(b, products)
	}},
	{"peak", 25 * time.Second, nil, func(_ *benchFlags, _ []norm.Kind, _ compute.Backend, m *roofline) ([]measure.Case, error) {
		return m.cases(), nil
	}},
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

// modelCases refuses a model that does not fit into memory before it takes any.
func modelCases(f *benchFlags, kinds []norm.Kind, b compute.Backend, _ *roofline) ([]measure.Case, error) {
	if len(f.widths) > 1 || f.layers < 1 || f.tokens < 1 {
		return nil, usage("dyt bench model: --widths %v --layers %d --tokens %d: expected one width, and at least one layer and token", f.widths, f.layers, f.tokens)
	}
	size := measure.Llama{Width: 4096, Layers: f.layers, Tokens: f.tokens}
	if len(f.widths) == 1 {
		size.Width = f.widths[0]
	}
	what := fmt.Sprintf("dyt bench model: %d layers of width %d over %d tokens", size.Layers, size.Width, size.Tokens)
	if err := fits(float64(len(f.fusion))*size.Bytes(), what, "--layers or --tokens"); err != nil {
		return nil, err
	}
	return measure.Models(b, kinds, size)
}

// fits returns an error that names the flags to lower when what needs more bytes than are free.
func fits(bytes float64, what, flags string) error {
	if free := host.Describe().FreeBytes; free > 0 && bytes > float64(free) {
		return conf.WithCode(fmt.Errorf("%s: about %.1f GiB are needed, %.1f GiB are free: lower %s", what, bytes/(1<<30), gib(free), flags), conf.ExitMemory)
	}
	return nil
}

// growthCases refuses models that do not fit into memory before it takes any.
func growthCases(f *benchFlags, kinds []norm.Kind, b compute.Backend, _ *roofline) ([]measure.Case, error) {
	if len(f.widths) > 1 || f.layers < 1 || f.tokens < 1 || len(kinds) != 1 {
		return nil, usage("dyt bench growth: --norms %v --widths %v --layers %d --tokens %d: expected one norm, one width, and at least one layer and token", kinds, f.widths, f.layers, f.tokens)
	}
	base := measure.Llama{Width: 128, Layers: f.layers, Tokens: f.tokens}
	if len(f.widths) == 1 {
		base.Width = f.widths[0]
	}
	need := 0.0
	for _, size := range measure.GrowthSizes(base) {
		need += size.Bytes()
	}
	what := fmt.Sprintf("dyt bench growth: models from %d layers of width %d over %d tokens on", base.Layers, base.Width, base.Tokens)
	if err := fits(need, what, "--widths, --layers or --tokens"); err != nil {
		return nil, err
	}
	return measure.Growth(b, kinds[0], base)
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
  model    a LLaMA of layers as in 7B (width 4096) on one text, inference and training (forward + backward), with each norm;
           "norms" is the model's time beyond that of the same model with the identity in their place
  growth   training steps of a LLaMA with 1, 2, 4 and 8 times the tokens, the layers, the width of the first (width 128): time
           against arithmetic
  gemm     the dense layers of two small networks, forward (NT), and the gradient of weights (TN)
  peak     multiply-adds of every flavour of kernels, and copies within and beyond the caches

Cases run in turn, --count times, so that a slow minute is a slow minute of all.`,
		Example: "  dyt bench layers\n  dyt bench layers --norms dyt,rmsnorm,derf --widths 64,256,1024,4096,16384 --out runs/layers\n  dyt bench model --layers 2 --tokens 256 --fusion none,elementwise,all\n  dyt bench growth --layers 2 --out runs/growth\n  dyt bench gemm --shapes 1024x1024x1024 --format bench --count 20\n  dyt bench peak",
		Args:    exactly(1, "one of layers, model, growth, gemm, peak"),
		RunE: func(cmd *cobra.Command, args []string) error {
			bench, err := findBench(args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("limit") {
				f.Limit = bench.limit
			}
			if !cmd.Flags().Changed("norms") {
				f.norms = bench.norms
			}
			kinds, err := normKinds(f.norms)
			if err != nil {
				return err
			}
			if c.json {
				f.format = "json"
			}
			c.json = f.format == "json"
			if !slices.Contains([]string{"table", "json", "csv", "bench"}, f.format) {
				return usage("--format is %q, expected table, json, csv or bench", f.format)
			}
			if err := f.Check(); err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			if f.out != "" {
				if err := emptyFolder(f.out); err != nil {
					return err
				}
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			m, err := openRoofline()
			if err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			defer m.pool.Close()
			load := host.Load()
			var list []measure.Case
			var engine string
			for _, fusion := range f.fusion {
				backend, err := openFusion(f.backend, fusion)
				if err != nil {
					return err
				}
				defer backend.Finalize()
				cases, err := bench.cases(&f, kinds, backend, m)
				if err != nil {
					return conf.WithCode(err, conf.ExitUsage)
				}
				for _, one := range cases {
					if cmd.Flags().Changed("fusion") {
						one.Fusion = fusion
					}
					list = append(list, one)
				}
				engine = backend.Name()
			}
			c.note("%d cases, %d samples each", len(list), f.Count)
			rows, err := f.Run(ctx, list, measure.Roof{GFLOPS: m.gflops, Copy: m.copy})
			if err != nil {
				return trainError(err)
			}
			done := benchReport(rows, engine, m, load)
			if f.out != "" {
				path, err := done.Page("dyt "+strings.Join(os.Args[1:], " ")).Write(f.out, true)
				if err != nil {
					return conf.WithCode(err, conf.ExitFailed)
				}
				c.note("report    %s", path)
			}
			return c.benchResult(f.format, done)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.Count, "count", 10, "samples of each case")
	flags.IntVar(&f.WarmUp, "warmup", 2, "rounds before them")
	flags.DurationVar(&f.Limit, "limit", 0, "begin no further round after this long, once three are done; 0: no limit (default: 25s, of model 3m, of growth 1m)")
	flags.StringSliceVar(&f.norms, "norms", nil, "kinds of norms (default: dyt,rmsnorm,layernorm,identity, of model rmsnorm,dyt,identity, of growth dyt)")
	flags.IntSliceVar(&f.widths, "widths", nil, "of layers (default: 256,1024,4096), or the one of model (default: 4096) and of growth (128)")
	flags.IntVar(&f.rows, "rows", 4096, "tokens of layers")
	flags.IntVar(&f.layers, "layers", 1, "of the model")
	flags.IntVar(&f.tokens, "tokens", 128, "of the model's text")
	flags.StringSliceVar(&f.shapes, "shapes", nil, "of products, MxKxN (default: those of the benchmark's networks)")
	flags.StringSliceVar(&f.fusion, "fusion", []string{"all"}, "how far ops run together: none (one kernel an op), elementwise, all; several to compare them")
	flags.StringVar(&f.out, "out", "", "write report.html and its figures into this folder")
	flags.StringVar(&f.format, "format", "table", "table, json, csv, or bench: the format of go test -bench")
	flags.StringVar(&f.backend, "backend", os.Getenv("DYT_BACKEND"), "what computes")
	return cmd
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

func productShapes(texts []string) ([]measure.Product, error) {
	if len(texts) == 0 {
		return measure.Products, nil
	}
	var list []measure.Product
	for _, text := range texts {
		var p measure.Product
		if n, err := fmt.Sscanf(text+" ", "%dx%dx%d ", &p.M, &p.K, &p.N); err != nil || n != 3 {
			return nil, usage("--shapes: %q, expected three numbers such as 1024x1024x1024", text)
		}
		list = append(list, p)
	}
	return list, nil
}

func benchReport(rows []measure.Row, engine string, m *roofline, load float64) measure.Report {
	b, h := host.ThisBuild(), host.Describe()
	threads := m.pool.Size()
	return measure.Report{Time: time.Now().UTC().Format(time.RFC3339), Version: b.Version, Commit: b.Commit, Go: b.Go, OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: h.CPU, Flavour: string(m.loop.Flavour), Threads: threads, Backend: engine, Load: load, PeakGFLOPS: m.gflops(), CopyGBPS: m.copy(128 << 20), Rows: rows,
		Warnings: append([]string{}, measure.Restless(rows, load, threads)...)}
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
