package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// bench is what a run of dyt bench measures with: a backend for each fusion, and the machine's own speed.
type bench struct {
	engines []*engine
	machine *roofline
	load    float64 // before anything ran
	about   string  // the size that was chosen
}

// engine is a backend whose ops run together as far as fusion says.
type engine struct {
	compute.Backend
	fusion string // empty where nothing is compared
	store  *model.Store
	ended  bool
}

func openBench(f *benchFlags) (*bench, error) {
	b := &bench{load: host.Load()}
	for _, fusion := range f.fusion {
		backend, err := openFusion(f.backend, fusion)
		if err != nil {
			b.close()
			return nil, err
		}
		if !f.compares {
			fusion = ""
		}
		b.engines = append(b.engines, &engine{Backend: backend, fusion: fusion, store: model.NewStore()})
	}
	var err error
	if b.machine, err = openRoofline(); err != nil {
		b.close()
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	return b, nil
}

func (b *bench) close() {
	for _, e := range b.engines {
		e.end()
	}
	if b.machine != nil {
		b.machine.pool.Close()
	}
}

// end gives the engine's memory back.
func (e *engine) end() {
	if e.ended {
		return
	}
	e.ended = true
	e.store.Finalize()
	e.Finalize()
	debug.FreeOSMemory()
}

// groups are the engines that run in turn: all, or one after the other, where the memory of one is much.
func (b *bench) groups(apart bool) [][]*engine {
	if !apart {
		return [][]*engine{b.engines}
	}
	var list [][]*engine
	for i := range b.engines {
		list = append(list, b.engines[i:i+1])
	}
	return list
}

// each collects the cases of several engines.
func each(engines []*engine, cases func(e *engine) ([]measure.Case, error)) ([]measure.Case, error) {
	var list []measure.Case
	for _, e := range engines {
		some, err := cases(e)
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			one.Fusion = e.fusion
			list = append(list, one)
		}
	}
	return list, nil
}

// report is what was measured and on what, with what speaks against believing it.
func (b *bench) report(rows []measure.Row, cases int) measure.Report {
	build, h, threads := host.ThisBuild(), host.Describe(), b.machine.pool.Size()
	r := measure.Report{Time: time.Now().UTC().Format(time.RFC3339), Version: build.Version, Commit: build.Commit, Modified: build.Modified, Go: build.Go, OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: h.CPU, Flavour: string(b.machine.loop.Flavour), Threads: threads, Load: b.load, About: b.about, PeakGFLOPS: b.machine.gflops(), CopyGBPS: b.machine.copy(128 << 20), Rows: rows,
		Warnings: append([]string{}, measure.Restless(rows, b.load, threads)...)}
	if len(b.engines) > 0 {
		r.Backend = b.engines[0].Name()
	}
	r.Warnings = append(r.Warnings, measure.Cut(rows, cases)...)
	return r
}

// fits returns an error that names the flags to lower when what needs more bytes than are free.
func fits(bytes float64, what, flags string) error {
	if free := host.Describe().FreeBytes; free > 0 && bytes > float64(free) {
		return conf.WithCode(fmt.Errorf("%s: about %.1f GiB are needed, %.1f GiB are free: lower %s", what, bytes/(1<<30), gib(free), flags), conf.ExitMemory)
	}
	return nil
}

func layersCases(f *benchFlags, kinds []norm.Kind, _ *bench, engines []*engine) ([]measure.Case, error) {
	if len(f.widths) == 0 {
		f.widths = []int{256, 1024, 4096}
	}
	if err := fits(measure.LayersBytes(f.widths, f.rows), "dyt bench layers", "--rows or --widths"); err != nil {
		return nil, err
	}
	return each(engines, func(e *engine) ([]measure.Case, error) {
		return measure.Layers(e.Backend, kinds, f.widths, f.rows)
	})
}

// modelCases refuses a model that does not fit into memory before it takes any. The first engine chooses a size that was not given.
func modelCases(f *benchFlags, kinds []norm.Kind, b *bench, engines []*engine) ([]measure.Case, error) {
	if len(f.widths) > 1 {
		return nil, usage("dyt bench model: --widths %v: expected one width", f.widths)
	}
	size := measure.Llama{Width: 4096, Layers: f.layers, Tokens: f.tokens}
	if len(f.widths) == 1 {
		size.Width = f.widths[0]
	}
	least := measure.Llama{Width: size.Width, Layers: max(1, size.Layers), Tokens: max(1, size.Tokens)}
	what := fmt.Sprintf("dyt bench model: %d layers of width %d over %d tokens", least.Layers, least.Width, least.Tokens)
	if err := fits(least.Bytes(len(kinds)), what, "--layers or --tokens"); err != nil {
		return nil, err
	}
	if size.Layers == 0 || size.Tokens == 0 {
		cost, err := measure.Probe(engines[0].Backend, engines[0].store, size.Width)
		if err != nil {
			return nil, err
		}
		size = size.Fit(len(kinds), cost, f.aRound(len(b.engines)), 0.8*float64(host.Describe().FreeBytes))
		f.layers, f.tokens, f.chosen = size.Layers, size.Tokens, fmt.Sprintf(", the most for %d rounds within %v here", enough, f.Limit)
	}
	b.about = fmt.Sprintf("LLaMA, %d of 7B's 32 layers, width %d, %d tokens%s", size.Layers, size.Width, size.Tokens, f.chosen)
	return each(engines, func(e *engine) ([]measure.Case, error) { return measure.Models(e.Backend, e.store, kinds, size) })
}

// enough is the number of rounds that a model is chosen for: the fewest that give an interval, and two.
const enough = 8

// aRound is what inference and training of a model with every norm may take for that there are enough rounds within an engine's
// share of the limit, or of the default one. First values of parameters, compilation and first runs count as three rounds.
func (f *benchFlags) aRound(engines int) time.Duration {
	limit := f.Limit
	if limit == 0 {
		limit = modelLimit
	}
	return (limit/time.Duration(engines) - time.Since(f.Began)) / time.Duration(3+f.WarmUp+min(f.Count, enough))
}

// growthCases refuses models that do not fit into memory before it takes any.
func growthCases(f *benchFlags, kinds []norm.Kind, _ *bench, engines []*engine) ([]measure.Case, error) {
	if len(f.widths) > 1 || len(kinds) != 1 {
		return nil, usage("dyt bench growth: --norms %v --widths %v: expected one norm and one width", kinds, f.widths)
	}
	base := measure.Llama{Width: 128, Layers: max(1, f.layers), Tokens: f.tokens}
	if f.tokens == 0 {
		base.Tokens = 128
	}
	if len(f.widths) == 1 {
		base.Width = f.widths[0]
	}
	need := 0.0
	for _, size := range measure.GrowthSizes(base) {
		need += size.Bytes(1)
	}
	what := fmt.Sprintf("dyt bench growth: models from %d layers of width %d over %d tokens on", base.Layers, base.Width, base.Tokens)
	if err := fits(need, what, "--widths, --layers or --tokens"); err != nil {
		return nil, err
	}
	return each(engines, func(e *engine) ([]measure.Case, error) { return measure.Growth(e.Backend, kinds[0], base) })
}

func gemmCases(f *benchFlags, _ []norm.Kind, _ *bench, engines []*engine) ([]measure.Case, error) {
	products, err := productShapes(f.shapes)
	if err != nil {
		return nil, err
	}
	if err := fits(measure.GemmsBytes(products), "dyt bench gemm", "--shapes"); err != nil {
		return nil, err
	}
	return each(engines, func(e *engine) ([]measure.Case, error) { return measure.Gemms(e.Backend, products) })
}

func peakCases(_ *benchFlags, _ []norm.Kind, b *bench, engines []*engine) ([]measure.Case, error) {
	return b.machine.cases(), nil
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
