package cpu_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A cache [2, 3, 10, 8] whose rows start to start+t-1 along axis 2 are replaced by x [2, 3, 1, 8].
const choiceRows, choiceSize = 10, 2 * 3 * 10 * 8

var choiceCases = []struct {
	name    string
	more    func(cache, x, y *Node) []*Node // results beside the replaced cache y
	t       int
	own     bool // a row of the cache replaces its rows
	whole   bool // one truth for the whole cache
	steps   int  // choices in the plan
	inPlace bool // when the cache is donated
}{
	{name: "one row", t: 1, steps: 1, inPlace: true},
	{name: "read afterwards", t: 1, steps: 1, inPlace: true, more: func(_, _, y *Node) []*Node { return []*Node{Sin(y)} }},
	{name: "cache is read later", t: 1, steps: 1, more: func(cache, _, y *Node) []*Node { return []*Node{Sin(Add(cache, y))} }},
	{name: "cache is a result", t: 1, steps: 1, more: func(cache, _, _ *Node) []*Node { return []*Node{cache} }},
	{name: "a shape of the cache is a result", t: 1, steps: 1, more: func(cache, _, _ *Node) []*Node { return []*Node{Reshape(cache, choiceSize)} }},
	{name: "twice a result", t: 1, steps: 1, inPlace: true, more: func(_, _, y *Node) []*Node { return []*Node{y} }},
	{name: "all rows", t: choiceRows, steps: 1, inPlace: true},
	{name: "a row of the cache itself", t: choiceRows, own: true, steps: 1},
	{name: "everything or nothing", whole: true, inPlace: true},
}

// replaced is the cache with x in rows start to start+t-1.
func replaced(t int, cache, x, start *Node) *Node {
	g := cache.Graph()
	from := Sub(Iota(g, shapes.Make(dtypes.Int32, choiceRows), 0), start)
	inside := LogicalAnd(GreaterOrEqual(from, Scalar(g, dtypes.Int32, 0)), LessThan(from, Scalar(g, dtypes.Int32, t)))
	dims := cache.Shape().Dimensions
	return Where(BroadcastToDims(Reshape(inside, 1, 1, choiceRows, 1), dims...), BroadcastToDims(x, dims...), cache)
}

// TestReplacedRowsEqualTheGoBackends, donated or not, whatever else reads the array; an input that was not donated stays as it was.
func TestReplacedRowsEqualTheGoBackends(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	random := rand.New(rand.NewPCG(14, 15))
	for _, c := range choiceCases {
		for _, donated := range []bool{false, true} {
			for _, threads := range []string{"1", "3"} {
				for _, start := range []int32{0, 4, 9} {
					t.Setenv("DYT_THREADS", threads)
					ours, err := compute.NewWithConfig("dyt")
					fatal(t, err)
					w := &watched{Backend: ours}
					cache, x := make([]float32, choiceSize), make([]float32, choiceSize/choiceRows)
					for _, v := range [][]float32{cache, x} {
						for i := range v {
							v[i] = float32(random.NormFloat64())
						}
					}
					run := func(b compute.Backend, donate bool) (flats [][]float32, at, after *float32) {
						e, err := NewExec(b, func(in []*Node) []*Node {
							fresh := in[1]
							if c.own {
								fresh = SliceAxis(in[0], 2, AxisElem(2))
							}
							y := replaced(c.t, in[0], fresh, in[2])
							if c.whole {
								y = Where(Equal(in[2], Scalar(in[0].Graph(), dtypes.Int32, 0)), BroadcastToDims(fresh, in[0].Shape().Dimensions...), in[0])
							}
							if c.more == nil {
								return []*Node{y}
							}
							return append([]*Node{y}, c.more(in[0], in[1], y)...)
						})
						fatal(t, err)
						held := tensors.FromFlatDataAndDimensions(slices.Clone(cache), 2, 3, choiceRows, 8)
						fatal(t, held.MaterializeOnDevice(b, true, 0))
						at = place(t, held)
						var first any = held
						if donate {
							first, err = DonateTensorBuffer(held, b, 0)
							fatal(t, err)
						}
						out, err := e.Call(first, tensors.FromFlatDataAndDimensions(slices.Clone(x), 2, 3, 1, 8), start)
						fatal(t, err)
						if !donate && !slices.Equal(tensors.MustCopyFlatData[float32](held), cache) {
							t.Errorf("%s: an input that was not donated has changed", c.name)
						}
						for _, v := range out {
							flats = append(flats, tensors.MustCopyFlatData[float32](v))
						}
						return flats, at, place(t, out[0])
					}
					want, _, _ := run(reference, false)
					got, before, after := run(w, donated)
					for i := range want {
						if i == 0 && !slices.Equal(got[0], want[0]) || len(got[i]) != len(want[i]) {
							t.Fatalf("%s, donated %v, start %d: got %v, want %v", c.name, donated, start, got[i], want[i])
						}
						for k := range want[i] {
							if d := got[i][k] - want[i][k]; !(d <= 1e-6 && d >= -1e-6) { // sines
								t.Fatalf("%s, donated %v, start %d: result %d [%d] is %g, want %g", c.name, donated, start, i, k, got[i][k], want[i][k])
							}
						}
					}
					p := w.compiled[0].Plan().String()
					if n := strings.Count(p, " choice "); n != c.steps {
						t.Errorf("%s: %d choices, want %d:\n%s", c.name, n, c.steps, p)
					}
					if inPlace := before == after; inPlace != (c.inPlace && donated) {
						t.Errorf("%s, donated %v: in place is %v", c.name, donated, inPlace)
					}
					ours.Finalize()
				}
			}
		}
	}
}

// place returns where the elements of v lie.
func place(t *testing.T, v *tensors.Tensor) (at *float32) {
	t.Helper()
	fatal(t, tensors.ConstFlatData(v, func(flat []float32) { at = &flat[0] }))
	return at
}
