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

// siteNodes computes [sites, 4] of one batch: root mean square and largest magnitude of the input of each norm site, its
// alpha, and the share of its input that is saturated (0 and 0 where there is no alpha).
func siteNodes(m part.Model, store *model.Store, s *model.Scope, x *Node) []*Node {
	taps := part.Record(x.Graph())
	m.Forward(s, x)
	at := map[string]*Node{}
	for i, name := range taps.Names {
		at[name] = taps.Nodes[i]
	}
	var rows []*Node
	for _, site := range m.Sites() {
		in := ConvertDType(at[site.ID+".in"], dtypes.Float32)
		alpha, saturated := Scalar(in.Graph(), dtypes.Float32, 0.0), Scalar(in.Graph(), dtypes.Float32, 0.0)
		if !site.Spec.Kind.Normalizes() {
			alpha = Scalar(in.Graph(), dtypes.Float32, site.Spec.Alpha0)
			scaled := Mul(in, alpha)
			if v := store.GetVariable("/" + strings.ReplaceAll(site.ID, ".", "/") + "/alpha"); v != nil {
				value := v.NodeValue(in)
				alpha = ReduceAllMean(value)
				scaled = Mul(in, alongAxis(value, in, site.Spec.Axis))
			}
			saturated = ReduceAllMean(ConvertDType(GreaterThan(Abs(scaled), Scalar(in.Graph(), dtypes.Float32, Saturation)), dtypes.Float32))
		}
		row := Stack([]*Node{Sqrt(ReduceAllMean(Square(in))), ReduceAllMax(Abs(in)), alpha, saturated}, 0) // [4]
		rows = append(rows, row)
	}
	return []*Node{Stack(rows, 0)}
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
		row := flat[4*i : 4*i+4]
		line := SiteMetrics{Step: step, Site: site.ID, Role: site.Role, RMSIn: float64(row[0]), MaxIn: float64(row[1])}
		if !site.Spec.Kind.Normalizes() && site.Spec != norm.None().At(site.Role) {
			alpha, saturated := float64(row[2]), float64(row[3])
			line.Alpha, line.Saturated = &alpha, &saturated
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
