package train

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestSitesAgainstPlainLoops counts what sites.jsonl says from the inputs and outputs of every site, one number after another.
func TestSitesAgainstPlainLoops(t *testing.T) {
	for _, kind := range []norm.Kind{norm.DyT, norm.RMSNorm, norm.LayerNorm} {
		r, d := tiny(t)
		r, err := r.WithNorm(kind)
		if err != nil {
			t.Fatal(err)
		}
		r.Norm.Alpha0.FFN = 2 // some of every share
		run := open(t, r.WithSteps(2), d, "")
		finalHash(t, run)
		run.valid.Rewind()
		b, err := run.valid.Next()
		if err != nil {
			t.Fatal(err)
		}
		lines, err := run.siteMetrics(2, inputs(b))
		if err != nil {
			t.Fatal(err)
		}
		taps := model.MustNewExec(testbackend.Get(t), run.store, func(s *model.Scope, x *graph.Node) []*graph.Node {
			recorded := part.Record(x.Graph())
			logits := run.Model.Forward(s, x)
			at := map[string]*graph.Node{}
			for i, name := range recorded.Names {
				at[name] = recorded.Nodes[i]
			}
			var all []*graph.Node
			for _, site := range run.Model.Sites() {
				all = append(all, at[site.ID+".in"], at[site.ID+".out"])
			}
			return append(all, logits) // without it GoMLX's Go backend (compute v0.1.6) stops with an index out of range
		}).MustCall(inputs(b)[0])
		for i, line := range lines {
			in, out := tensors.MustCopyFlatData[float32](taps[2*i]), tensors.MustCopyFlatData[float32](taps[2*i+1])
			width := taps[2*i].Shape().Dimensions[2]
			largest := 0.0
			for _, v := range in {
				largest = max(largest, math.Abs(float64(v)))
			}
			agree(t, line.Site+" rms_in", line.RMSIn, rootMeanSquare(in))
			agree(t, line.Site+" max_in", line.MaxIn, largest)
			agree(t, line.Site+" rms_out", line.RMSOut, rootMeanSquare(out))
			if kind.Normalizes() {
				if line.Alpha != nil || line.Saturated != nil || line.Above1 != nil || line.Above3 != nil {
					t.Errorf("%s of %s has an alpha: %+v", line.Site, kind, line)
				}
				agree(t, line.Site+" inv_std", *line.InvStd, meanInverseStd(in, width, kind == norm.LayerNorm, r.Norm.Eps))
				continue
			}
			if line.InvStd != nil {
				t.Errorf("%s of %s has a 1/std", line.Site, kind)
			}
			var above [4]float64
			for _, v := range in {
				for level := 1; level <= 3; level++ {
					if math.Abs(float64(float32(*line.Alpha)*v)) > float64(level) {
						above[level] += 1 / float64(len(in))
					}
				}
			}
			agree(t, line.Site+" sat_frac_1", *line.Above1, above[1])
			agree(t, line.Site+" sat_frac", *line.Saturated, above[2])
			agree(t, line.Site+" sat_frac_3", *line.Above3, above[3])
		}
	}
}

func meanInverseStd(x []float32, width int, centred bool, eps float64) (mean float64) {
	rows := len(x) / width
	for i := range rows {
		var sum, squares float64
		for _, v := range x[i*width : (i+1)*width] {
			sum, squares = sum+float64(v), squares+float64(v)*float64(v)
		}
		variance := squares / float64(width)
		if centred {
			variance -= sum / float64(width) * sum / float64(width)
		}
		mean += 1 / math.Sqrt(variance+eps) / float64(rows)
	}
	return mean
}

// agree allows float32 sums over some thousand elements.
func agree(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*max(math.Abs(want), 1e-3) {
		t.Errorf("%s: %g, counted %g", what, got, want)
	}
}
