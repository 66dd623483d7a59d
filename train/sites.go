package train

import (
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Saturation is where an input counts as saturated: |alpha*x| > 2, where tanh' is below 0.071.
const Saturation = 2

// siteColumns is how many numbers siteNodes gives of a site.
const siteColumns = 8

// siteNodes computes [sites, siteColumns] of one batch: of each norm site the root mean square and the largest magnitude of the
// input, the root mean square of the output, alpha, the shares of |alpha*x| above 2, 1 and 3, and the mean of 1/std. What the
// site's kind does not have is 0.
func siteNodes(m part.Model, store *model.Store, s *model.Scope, x *Node) []*Node {
	taps := part.Record(x.Graph())
	m.Forward(s, x)
	at := map[string]*Node{}
	for i, name := range taps.Names {
		at[name] = taps.Nodes[i]
	}
	var rows []*Node
	for _, site := range m.Sites() {
		in, out := ConvertDType(at[site.ID+".in"], dtypes.Float32), ConvertDType(at[site.ID+".out"], dtypes.Float32)
		row := []*Node{rms(in), ReduceAllMax(Abs(in)), rms(out)}
		if site.Spec.Kind.Normalizes() {
			none := Scalar(in.Graph(), dtypes.Float32, 0.0)
			row = append(row, none, none, none, none, inverseStd(in, site.Spec))
		} else {
			row = append(row, saturation(in, site, store)...)
		}
		rows = append(rows, Stack(row, 0)) // [siteColumns]
	}
	return []*Node{Stack(rows, 0)}
}

func rms(x *Node) *Node { return Sqrt(ReduceAllMean(Square(x))) }

// inverseStd is the mean over the input's rows of what a norm multiplies them by: 1/sqrt(variance + eps), of RMSNorm
// 1/sqrt(mean square + eps).
func inverseStd(in *Node, spec norm.Spec) *Node {
	if spec.Kind == norm.LayerNorm {
		in = Sub(in, ReduceAndKeep(in, ReduceMean, spec.Axis))
	}
	return ReduceAllMean(Inverse(Sqrt(AddScalar(ReduceMean(Square(in), spec.Axis), spec.Eps))))
}

// saturation is alpha, its mean where there is one for each channel, the shares above 2, 1 and 3, and 0 for 1/std.
func saturation(in *Node, site part.Site, store *model.Store) []*Node {
	g := in.Graph()
	alpha := Scalar(g, dtypes.Float32, site.Spec.Alpha0)
	scaled := Mul(in, alpha)
	if v := store.GetVariable("/" + strings.ReplaceAll(site.ID, ".", "/") + "/alpha"); v != nil {
		value := v.NodeValue(in)
		alpha = ReduceAllMean(value)
		scaled = Mul(in, alongAxis(value, in, site.Spec.Axis))
	}
	row := []*Node{alpha}
	for _, level := range []float64{Saturation, 1, 3} {
		row = append(row, ReduceAllMean(ConvertDType(GreaterThan(Abs(scaled), Scalar(g, dtypes.Float32, level)), dtypes.Float32)))
	}
	return append(row, Scalar(g, dtypes.Float32, 0.0))
}

// alongAxis gives a vector [1] or [C] the rank of x, with its elements along axis.
func alongAxis(v, x *Node, axis int) *Node {
	if axis < 0 {
		axis += x.Rank()
	}
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[axis] = v.Shape().Size()
	return Reshape(v, dims...)
}

// siteMetrics describes every norm site on a batch.
func (r *Run) siteMetrics(step int, batch []any) ([]SiteMetrics, error) {
	out, err := r.sites.Call(batch[0])
	if err != nil {
		return nil, fmt.Errorf("train: inspect the norm sites: %w", err)
	}
	flat, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return nil, err
	}
	var lines []SiteMetrics
	for i, site := range r.Model.Sites() {
		row := make([]float64, siteColumns)
		for k, v := range flat[siteColumns*i : siteColumns*(i+1)] {
			row[k] = float64(v)
		}
		line := SiteMetrics{Step: step, Site: site.ID, Role: site.Role, RMSIn: row[0], MaxIn: row[1], RMSOut: row[2]}
		switch {
		case site.Spec.Kind.Normalizes():
			line.InvStd = &row[7]
		case site.Spec != norm.None().At(site.Role):
			line.Alpha, line.Saturated, line.Above1, line.Above3 = &row[3], &row[4], &row[5], &row[6]
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Start describes every norm site before the first update and records it as step 0.
func (r *Run) Start() ([]SiteMetrics, error) {
	if r.step > 0 || len(r.siteLines) > 0 {
		return r.siteLines[:min(len(r.siteLines), len(r.Model.Sites()))], nil
	}
	err := r.inspect()
	return r.siteLines, err
}

// inspect describes every norm site as the run stands, on the first validation batch, and records it.
func (r *Run) inspect() error {
	r.valid.Rewind()
	b, err := r.valid.Next()
	if err != nil {
		return err
	}
	lines, err := r.siteMetrics(r.step, inputs(b))
	if err != nil {
		return err
	}
	return r.recordSites(lines)
}

// Warnings says at which sites a point-wise norm begins outside its useful range: rms*alpha below 0.3, where it is a line
// and the network behind it hardly learns, or more than a quarter of the input saturated.
func Warnings(lines []SiteMetrics) []string {
	var said []string
	for _, s := range lines {
		switch {
		case s.Alpha == nil:
		case s.RMSIn**s.Alpha < 0.3:
			said = append(said, fmt.Sprintf("%s begins in its linear part: input rms %.3g times alpha %.3g is below 0.3; a larger initialisation or alpha0 helps", s.Site, s.RMSIn, *s.Alpha))
		case *s.Saturated > 0.25:
			said = append(said, fmt.Sprintf("%s begins saturated: %.0f %% of |alpha*x| is above %d; a smaller alpha0 helps", s.Site, 100**s.Saturated, Saturation))
		}
	}
	return said
}
