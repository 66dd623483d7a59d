package measure

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/history"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/report"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// clock stands still but for the cases that take their time from it.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// takes is a case that takes the given time.
func (c *clock) takes(norm string, d time.Duration) Case {
	return Case{Op: "layer", Norm: norm, Mode: Forward, Shape: []int{10, 4}, Rows: 10, Bytes: 320, Run: func() error { c.Time = c.Add(d); return nil }}
}

var fixedRoof = Roof{GFLOPS: func() float64 { return 100 }, Copy: func(int) float64 { return 1e-3 }}

func TestFiguresFollowFromTheSamples(t *testing.T) {
	c := &clock{}
	product := Case{Op: "gemm", Mode: NT, Shape: []int{10, 5, 10}, Flops: 1000, Bytes: 800, Run: c.takes("", 20*time.Millisecond).Run}
	rows, err := Plan{Count: 7, WarmUp: 1, now: c.now}.Run(context.Background(), []Case{c.takes("dyt", 6*time.Millisecond), c.takes("identity", 2*time.Millisecond), product}, fixedRoof)
	if err != nil {
		t.Fatal(err)
	}
	want := Row{Op: "layer", Norm: "dyt", Mode: Forward, Shape: []int{10, 4}, DType: "float32", Samples: slices.Repeat([]float64{6e6}, 7), Median: 6e6,
		CI95: [2]float64{6e6, 6e6}, Repeats: 1, PerRow: 6e5, Bytes: 320, GBPS: 320 / 6e6, OfRoof: rows[0].GBPS / 1e-3, Ratio: 3}
	if !reflect.DeepEqual(rows[0], want) {
		t.Errorf("got  %+v\nwant %+v", rows[0], want)
	}
	if rows[1].Ratio != 1 || rows[2].Ratio != 0 || rows[2].GFLOPS != 1000/20e6 || rows[2].OfRoof != 1000/20e6/100 {
		t.Errorf("%+v\n%+v", rows[1], rows[2])
	}
}

// A sample of a short case is the mean of as many runs as fill a millisecond.
func TestShortCasesAreRepeated(t *testing.T) {
	c := &clock{}
	rows, err := Plan{Count: 3, WarmUp: 2, now: c.now}.Run(context.Background(), []Case{c.takes("dyt", 30*time.Microsecond)}, fixedRoof)
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0]; r.Repeats != 34 || !slices.Equal(r.Samples, []float64{30e3, 30e3, 30e3}) {
		t.Errorf("30 us repeated %d times: %v ns", r.Repeats, r.Samples)
	}
}

// A limit holds from the first case on: what did not run has no row, what ran once is cold, a round that began too late does not
// count, and none begins that would end too late.
func TestALimitEndsARun(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		limit   time.Duration
		warmUp  int
		samples []int // of the two cases, 5 ms each
		cold    bool
	}{
		{4 * ms, 0, []int{1}, true},
		{4 * ms, 1, []int{1}, true},
		{9 * ms, 0, []int{1, 1}, false},
		{24 * ms, 0, []int{2, 2}, false},
		{35 * ms, 0, []int{3, 3}, false},
		{14 * ms, 1, []int{1, 1}, true}, // the warm-up, and half a round
		{65 * ms, 20, []int{5, 5}, false},
		{0, 2, []int{50, 50}, false},
	} {
		clock := &clock{}
		rows, err := Plan{Count: 50, WarmUp: c.warmUp, Limit: c.limit, now: clock.now}.Run(context.Background(), []Case{clock.takes("dyt", 5*ms), clock.takes("identity", 5*ms)}, fixedRoof)
		if err != nil || len(rows) != len(c.samples) {
			t.Fatalf("limit %v: %d rows, %v", c.limit, len(rows), err)
		}
		for i, row := range rows {
			if len(row.Samples) != c.samples[i] || row.Cold != c.cold || row.OfRoof <= 0 {
				t.Errorf("limit %v, warm-up %d: row %d has %d samples, cold %v, expected %d, %v", c.limit, c.warmUp, i, len(row.Samples), row.Cold, c.samples[i], c.cold)
			}
		}
	}
}

// The limit counts from Began, which may lie before the call.
func TestALimitCountsFromTheBeginning(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	rows, err := Plan{Count: 50, Limit: time.Second, Began: time.Unix(99, 900e6), now: c.now}.Run(context.Background(), []Case{c.takes("dyt", 100*time.Millisecond)}, fixedRoof)
	if err != nil || len(rows[0].Samples) != 9 {
		t.Errorf("%d samples, expected 9: a tenth of the limit was over; %v", len(rows[0].Samples), err)
	}
}

// Every second round runs the cases backwards, and who waits is told each.
func TestRoundsTurnAround(t *testing.T) {
	var order, told []string
	named := func(name string) Case {
		return Case{Op: "layer", Norm: name, Shape: []int{1}, Run: func() error { order = append(order, name); return nil }}
	}
	c := &clock{}
	plan := Plan{Count: 2, WarmUp: 1, now: func() time.Time { c.Time = c.Add(time.Millisecond); return c.Time }, Tell: func(p Progress) { told = append(told, p.Next) }}
	if _, err := plan.Run(context.Background(), []Case{named("a"), named("b"), named("c")}, fixedRoof); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ""); got != "abccbaabc" {
		t.Errorf("order %s", got)
	}
	if len(told) != 9 || told[3] != "layer c 1" {
		t.Errorf("told %q", told)
	}
}

func TestWhatALimitCutIsSaid(t *testing.T) {
	if got := Cut([]Row{{}, {}}, 2); len(got) != 0 {
		t.Errorf("nothing was cut: %q", got)
	}
	got := Cut([]Row{{Cold: true}, {}}, 5)
	if len(got) != 2 || !strings.Contains(got[0], "1 rows are of a first run") || !strings.Contains(got[1], "3 of 5 cases did not run") {
		t.Errorf("%q", got)
	}
}

func TestContextEndsARun(t *testing.T) {
	c := &clock{}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	if _, err := (Plan{Count: 1}).Run(ctx, []Case{c.takes("dyt", 0)}, fixedRoof); !errors.Is(err, why) {
		t.Errorf("an ended context gave %v", err)
	}
	broken := Case{Op: "layer", Shape: []int{1, 1}, Run: func() error { return why }}
	if _, err := (Plan{Count: 1}).Run(context.Background(), []Case{broken}, fixedRoof); !errors.Is(err, why) {
		t.Errorf("a failing case gave %v", err)
	}
}

// The interval covers the median in at least 95 % of all sets of samples, and a tighter one would not: counted exactly.
func TestIntervalCovers(t *testing.T) {
	for n := 1; n <= 60; n++ {
		samples := make([]float64, n)
		for i := range samples {
			samples[i] = float64((i*61+3)%n) + 1 // 61 is prime: the numbers 1 to n in some order
		}
		// covered is 1 - 2 P(X < k) for X binomial (n, 1/2).
		covered := func(k int) float64 {
			sets := new(big.Int)
			for i := range k {
				sets.Add(sets, new(big.Int).Binomial(int64(n), int64(i)))
			}
			p, _ := new(big.Rat).SetFrac(sets, new(big.Int).Lsh(big.NewInt(1), uint(n-1))).Float64()
			return 1 - p
		}
		got := interval(samples)
		k := int(got[0])
		if k > 0 && (covered(k) < 0.95 || got[1] != float64(n+1-k)) || covered(k+1) >= 0.95 {
			t.Errorf("%d samples: %v", n, got)
		}
	}
}

// At the default count it is the one that benchstat prints.
func TestIntervalOfTenEqualsBenchstats(t *testing.T) {
	samples := []float64{5, 3, 8, 1, 9, 2, 7, 10, 4, 6}
	got := interval(samples)
	want := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(samples), &benchmath.DefaultThresholds), 0.95)
	if got != [2]float64{want.Lo, want.Hi} {
		t.Errorf("%v, benchstat has %v, %v", got, want.Lo, want.Hi)
	}
}

func TestRestlessMachinesAreNamed(t *testing.T) {
	calm := Row{Samples: []float64{100, 101, 100, 99}}
	wild := Row{Samples: []float64{100, 150, 90, 99}}
	if got := Restless([]Row{calm, calm}, 0.9, 2); len(got) != 0 {
		t.Errorf("a calm machine: %q", got)
	}
	got := Restless([]Row{calm, wild}, 1.1, 2)
	if len(got) != 2 || !strings.Contains(got[0], "load 1.1 on 2 threads") || !strings.Contains(got[1], "1 of 2 rows") {
		t.Errorf("%q", got)
	}
}

var sample = Report{Time: "2026-01-02T03:04:05Z", Go: "go1.26", OS: "linux", Arch: "amd64", CPU: "Some, CPU", Flavour: "avx2", Threads: 2, Backend: "dyt", Rows: []Row{
	{Op: "layer", Norm: "dyt", Mode: Both, Shape: []int{4096, 256}, DType: "float32", Samples: []float64{2e6, 1e6, 3e6}, Median: 2e6, Repeats: 4, Bytes: 1e7, GBPS: 5},
	{Op: "gemm", Mode: NT, Shape: []int{8, 8, 8}, DType: "float32", Samples: []float64{1000}, Median: 1000, Repeats: 1000, Flops: 1024, Bytes: 768, GFLOPS: 1.024},
}}

// A line of history has each row beside the machine's own time.
func TestHistoryHasMediansAndRoofs(t *testing.T) {
	r := sample
	r.Version, r.PeakGFLOPS, r.CopyGBPS, r.Rows = "v1.2.3", 4, 10, slices.Clone(r.Rows)
	r.Rows[0].OfRoof, r.Rows[0].CI95, r.Rows[1].OfRoof = 0.5, [2]float64{1.9e6, 2.3e6}, 0.25
	l := r.History("dyt bench layers")
	if l.Commit != "v1.2.3" || l.CPU != "Some, CPU" || l.Rounds != 3 || l.GFLOPS["avx2"] != 4 || l.Command != "dyt bench layers" {
		t.Errorf("%+v", l)
	}
	want := []history.Row{
		{Work: "layer dyt both 4096x256", Ours: 2, Peer: "copy", PeerMS: 1, Ratio: 2, Spread: 0.2},
		{Work: "gemm NT 8x8x8", Ours: 1e-3, Peer: "avx2 fma peak", PeerMS: 0.25e-3, Ratio: 4},
	}
	if !reflect.DeepEqual(l.Rows, want) {
		t.Errorf("got  %+v\nwant %+v", l.Rows, want)
	}
	r.Commit = "abc"
	if got := r.History("").Commit; got != "abc" {
		t.Errorf("commit %q", got)
	}
}

// golang.org/x/perf reads every sample back, with its units.
func TestGoBenchFormatIsReadByPerf(t *testing.T) {
	var out bytes.Buffer
	if err := sample.GoBench(&out); err != nil {
		t.Fatal(err)
	}
	reader := benchfmt.NewReader(&out, "out")
	var names []string
	var times, speeds []float64
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			if rec.GetConfig("cpu") != "Some, CPU" || rec.GetConfig("flavour") != "avx2" {
				t.Errorf("configuration is lost: %v", rec.Config)
			}
			seconds, _ := rec.Value("sec/op")
			speed, _ := rec.Value("GB/s")
			names, times, speeds = append(names, rec.Name.String()), append(times, seconds), append(speeds, speed)
		case *benchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	layer := "Layer/norm=dyt/mode=both/shape=4096x256-2"
	if !slices.Equal(names, []string{layer, layer, layer, "Gemm/mode=NT/shape=8x8x8-2"}) {
		t.Errorf("names %q", names)
	}
	for i, want := range []float64{2e-3, 1e-3, 3e-3, 1e-6} {
		if math.Abs(times[i]-want) > 1e-12 {
			t.Errorf("sample %d took %v s, expected %v", i, times[i], want)
		}
	}
	if speeds[1] != 10 || reader.Units().GetBetter("GB/s") != 1 {
		t.Errorf("speeds %v, better is %d", speeds, reader.Units().GetBetter("GB/s"))
	}
}

func TestCSVHasEverySample(t *testing.T) {
	var out bytes.Buffer
	if err := sample.CSV(&out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	at := func(row int, column string) string { return lines[row][slices.Index(lines[0], column)] }
	if at(1, "samples_ns") != "2e+06 1e+06 3e+06" || at(1, "shape") != "4096x256" || at(2, "mode") != "NT" || at(1, "cpu") != "Some, CPU" {
		t.Errorf("%q", lines)
	}
}

// The page shows what the rows hold: a line for each kind, the roof, every sample.
func TestPageDrawsTheRows(t *testing.T) {
	r := sample
	r.PeakGFLOPS, r.CopyGBPS = 100, 10
	wider := r.Rows[0]
	wider.Shape, wider.PerRow = []int{4096, 512}, 9
	r.Rows = append(slices.Clone(r.Rows), wider)
	page := r.Page("dyt bench")
	charts := map[string]report.Chart{}
	for _, c := range page.Sections[1].Charts {
		charts[c.ID] = c
	}
	width := charts["width"].Views
	if len(width) != 1 || width[0].Name != Both {
		t.Fatalf("views of layers: %+v", width)
	}
	if l := width[0].Plot.(report.Lines).Lines; len(l) != 1 || !slices.Equal(l[0].X, []float64{256, 512}) || l[0].Name != "dyt" {
		t.Errorf("%+v", l)
	}
	roof := charts["roofline"].Views[0].Plot.(report.Lines).Lines
	if len(roof) != 2 || roof[0].X[1] != 10 || roof[0].Y[1] != 100 || roof[1].Y[0] != 1.024 {
		t.Errorf("%+v", roof)
	}
	views := charts["samples"].Views
	if len(views) != 3 || views[0].Name != "width 256" || views[1].Name != "8x8x8" || views[2].Name != "width 512" {
		t.Fatalf("views of samples: %+v", views)
	}
	bars := views[0].Plot.(report.Bars)
	if len(bars.Rows) != 1 || bars.Axis.Label != "milliseconds" || !slices.Equal(bars.Rows[0].Samples, []float64{2, 1, 3}) {
		t.Errorf("%+v", bars)
	}
	if bars := views[1].Plot.(report.Bars); bars.Axis.Label != "microseconds" || bars.Rows[0].Name != "gemm NT 8x8x8" || bars.Rows[0].Value != 1 || bars.Rows[0].Ink == views[0].Plot.(report.Bars).Rows[0].Ink {
		t.Errorf("%+v", bars)
	}
	if head := page.Sections[0].Tables[0].Columns; slices.Contains(head, "norms") || !slices.Contains(head, "GFLOP/s") || len(page.Sections[0].Tables[0].Rows[0]) != len(head) {
		t.Errorf("columns %q: those that no row fills are left out", head)
	}
	if _, err := page.Write(t.TempDir(), true); err != nil {
		t.Error(err)
	}
	r.Rows = r.Rows[:1]
	for _, c := range r.Page("").Sections[1].Charts {
		if c.ID != "samples" {
			t.Errorf("one layer is drawn as %s", c.ID)
		}
	}
}

// LayerBoth returns y and the gradients that finite differences give: of sum(y*dy) by x, and by each parameter.
func TestLayerGradients(t *testing.T) {
	x, dy := draw(1, 3, 5), draw(2, 3, 5)
	for _, kind := range []norm.Kind{norm.DyT, norm.RMSNorm, norm.LayerNorm, norm.Derf, "identity"} {
		spec := LayerSpec(kind)
		store := model.NewStore()
		if err := declare(testbackend.Get(t), store, spec, x.Shape()); err != nil {
			t.Fatal(err)
		}
		out := model.MustNewExec(testbackend.Get(t), store, func(s *model.Scope, in []*Node) []*Node { return LayerBoth(spec, s, in[0], in[1]) }).MustCall(x, dy)
		value := func(x *tensors.Tensor) float64 {
			y := model.MustNewExec(testbackend.Get(t), store, func(s *model.Scope, x *Node) *Node { return LayerForward(spec, s, x) }).MustCall(x)[0]
			sum, of := 0.0, tensors.MustCopyFlatData[float32](dy)
			for i, v := range tensors.MustCopyFlatData[float32](y) {
				sum += float64(v) * float64(of[i])
			}
			return sum
		}
		check := func(what string, got float32, up, down float64) {
			const h = 1e-2
			// The third derivative leaves about h^2 = 1e-4 of a gradient of order one; rounding 1e-6/h = 1e-4.
			if want := (up - down) / (2 * h); math.Abs(want-float64(got)) > 1e-3*max(1, math.Abs(want)) {
				t.Errorf("%s: gradient by %s is %v, finite differences say %v", kind, what, got, want)
			}
		}
		moved := func(t *tensors.Tensor, by float32) *tensors.Tensor {
			flat := tensors.MustCopyFlatData[float32](t)
			flat[0] += by
			return tensors.FromFlatDataAndDimensions(flat, t.Shape().Dimensions...)
		}
		check("x", tensors.MustCopyFlatData[float32](out[1])[0], value(moved(x, 1e-2)), value(moved(x, -1e-2)))
		names := LayerParams(spec)
		if len(out) != 2+len(names) {
			t.Fatalf("%s: %d results, expected y, dx and %v", kind, len(out), names)
		}
		for i, name := range names {
			v := store.GetVariable("/" + name)
			start := tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](v.MustValue()), v.Shape().Dimensions...)
			at := func(by float32) float64 {
				v.MustSetValue(moved(start, by))
				return value(x)
			}
			check(name, tensors.MustCopyFlatData[float32](out[2+i])[0], at(1e-2), at(-1e-2))
			at(0)
		}
	}
}

// The model with each norm runs, and its arithmetic is twice the matrices' elements a token and the causal half of attention.
func TestModelsHaveTheirArithmetic(t *testing.T) {
	size := Llama{Width: 128, Layers: 2, Tokens: 6}
	cases, err := Models(testbackend.Get(t), model.NewStore(), []norm.Kind{norm.RMSNorm, norm.DyT, norm.LayerNorm, "identity"}, size)
	if err != nil {
		t.Fatal(err)
	}
	const matrices = 2*(4*128*128+3*128*344) + 256*128
	want := 6.0*2*matrices + 2*2*6*6*128
	for i, c := range cases {
		if err := c.Run(); err != nil {
			t.Errorf("%s %s %s: %v", c.Op, c.Norm, c.Mode, err)
		}
		if factor := []float64{1, 3, 0, 0}[i/4]; c.Flops != factor*want {
			t.Errorf("%s %s: %v operations, expected %v", c.Norm, c.Mode, c.Flops, factor*want)
		}
	}
	if len(cases) != 16 || cases[3].Mode != Inference || cases[4].Mode != Training || cases[3].Norm != "identity" || cases[8].Op != "layer" || !slices.Equal(cases[8].Shape, []int{6, 128}) {
		t.Errorf("%d cases: %+v", len(cases), cases)
	}
	if seven := (Llama{Width: 4096, Layers: 32, Tokens: 1}).config(norm.RMSNorm); seven.Heads != 32 || seven.Hidden != 11008 {
		t.Errorf("LLaMA 7B has 32 heads and a hidden size of 11008, here %+v", seven)
	}
}

// NT and TN multiply the same matrices as NN would.
func TestProductFormsHaveTheirShapes(t *testing.T) {
	cases, err := Gemms(testbackend.Get(t), []Product{{3, 5, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if err := c.Run(); err != nil || c.Flops != 60 || c.Bytes != 4*(15+10+6) {
			t.Errorf("%s: %v, %v flops, %v bytes", c.Mode, err, c.Flops, c.Bytes)
		}
	}
	for _, bad := range []Product{{0, 1, 1}, {1, -1, 1}} {
		if _, err := Gemms(testbackend.Get(t), []Product{bad}); err == nil {
			t.Errorf("%v is no error", bad)
		}
	}
}
