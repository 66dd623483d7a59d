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
	shapes  []string
	format  string
	backend string
}

// benches are the words after "dyt bench".
var benches = map[string]func(f *benchFlags, b compute.Backend, m *roofline) ([]measure.Case, error){
	"layers": func(f *benchFlags, b compute.Backend, _ *roofline) ([]measure.Case, error) {
		kinds, err := normKinds(f.norms)
		if err != nil {
			return nil, err
		}
		return measure.Layers(b, kinds, f.widths, f.rows)
	},
	"gemm": func(f *benchFlags, b compute.Backend, _ *roofline) ([]measure.Case, error) {
		products, err := productShapes(f.shapes)
		if err != nil {
			return nil, err
		}
		return measure.Gemms(b, products)
	},
	"peak": func(_ *benchFlags, _ compute.Backend, m *roofline) ([]measure.Case, error) { return m.cases(), nil },
}

func benchCommand(c *console) *cobra.Command {
	f := benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench layers|gemm|peak",
		Short: "Measure what normalization costs: norm layers, matrix products, and what the machine can do at best",
		Long: `bench times pieces of networks on this machine, float32, and puts each figure beside what the machine can do in the same
minute: its multiply-adds from registers, its copy of as many bytes.

  layers   norm layers over --rows tokens: forward, and forward + backward with every gradient; "to identity" is the time over
           that of the same place without a norm, which still has to be copied
  gemm     the dense layers of two small networks, forward (NT), and the gradient of weights (TN)
  peak     multiply-adds of every flavour of kernels, and copies within and beyond the caches

Cases run in turn, --count times, so that a slow minute is a slow minute of all.`,
		Example: "  dyt bench layers\n  dyt bench layers --norms dyt,rmsnorm,derf --widths 4096 --rows 2048 --json\n  dyt bench gemm --shapes 1024x1024x1024 --format bench --count 20\n  dyt bench peak",
		Args:    exactly(1, "one of layers, gemm, peak"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cases, known := benches[args[0]]
			if !known {
				return usage("dyt bench %s: expected layers, gemm or peak%s", args[0], conf.DidYouMean(args[0], []string{"layers", "gemm", "peak"}))
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
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			backend, err := openBackend(f.backend)
			if err != nil {
				return err
			}
			defer backend.Finalize()
			m, err := openRoofline()
			if err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			defer m.pool.Close()
			load := host.Load()
			list, err := cases(&f, backend, m)
			if err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			c.note("%d cases, %d samples each", len(list), f.Count)
			rows, err := f.Run(ctx, list, measure.Roof{GFLOPS: m.gflops, Copy: m.copy})
			if err != nil {
				return trainError(err)
			}
			return c.benchResult(f.format, benchReport(rows, backend, m, load))
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.Count, "count", 10, "samples of each case")
	flags.IntVar(&f.WarmUp, "warmup", 2, "rounds before them")
	flags.DurationVar(&f.Limit, "limit", 25*time.Second, "begin no further round after this long, once three are done; 0: no limit")
	flags.StringSliceVar(&f.norms, "norms", []string{"dyt", "rmsnorm", "layernorm", "identity"}, "kinds of layers")
	flags.IntSliceVar(&f.widths, "widths", []int{256, 1024, 4096}, "of layers")
	flags.IntVar(&f.rows, "rows", 4096, "tokens of layers")
	flags.StringSliceVar(&f.shapes, "shapes", nil, "of products, MxKxN (default: those of the benchmark's networks)")
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
			return nil, usage("--norms: no kind %q%s; there are: %s", name, conf.DidYouMean(name, all), strings.Join(all, ", "))
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

func benchReport(rows []measure.Row, backend compute.Backend, m *roofline, load float64) measure.Report {
	b, h := thisBuild(), host.Describe()
	threads := m.pool.Size()
	return measure.Report{Time: time.Now().UTC().Format(time.RFC3339), Version: b.Version, Commit: b.Commit, Go: b.Go, OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: h.CPU, Flavour: string(m.loop.Flavour), Threads: threads, Backend: backend.Name(), Load: load, Rows: rows,
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
