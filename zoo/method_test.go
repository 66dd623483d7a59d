package zoo_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// openMethod returns an architecture's variant "test" without a norm, under a method, and its first values.
func openMethod(t *testing.T, a zoo.Arch, me part.Method) (part.Model, *model.Store) {
	t.Helper()
	m, err := a.Open("test", norm.None(), zoo.Options{Method: me})
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := part.Initialize(testbackend.Get(t), store, m, 11); err != nil {
		t.Fatal(err)
	}
	return m, store
}

// someBatch is two texts, or two images, with what is to be predicted.
func someBatch(m part.Model, random *rand.Rand) []any {
	var batch []any
	for _, s := range m.Inputs(2) {
		if s.DType.IsFloat() {
			v := make([]float32, s.Size())
			for i := range v {
				v[i] = float32(random.NormFloat64())
			}
			batch = append(batch, tensors.FromFlatDataAndDimensions(v, s.Dimensions...))
			continue
		}
		v := make([]int32, s.Size())
		for i := range v {
			v[i] = int32(random.IntN(m.Classes()))
		}
		batch = append(batch, tensors.FromFlatDataAndDimensions(v, s.Dimensions...))
	}
	return batch
}

// disturb moves every parameter away from its start, where Fixup and SkipInit have zeros. For SigmaReparam it gives matrices
// a direction that stands out, so that power iteration converges and its gradient is exact.
func disturb(store *model.Store, me part.Method, random *rand.Rand) {
	for v := range store.IterVariables() {
		d := v.Shape().Dimensions
		columns := d[len(d)-1]
		rows := v.Shape().Size() / columns
		a, b := make([]float64, rows), make([]float64, columns)
		for _, side := range [][]float64{a, b} {
			for i := range side {
				side[i] = random.NormFloat64()
			}
		}
		tensors.MustMutableFlatData[float32](v.MustValue(), func(flat []float32) {
			for i := range flat {
				flat[i] += float32(0.3 * random.NormFloat64() / math.Sqrt(float64(columns)))
				if me == part.SigmaReparam && rows > 1 {
					flat[i] += float32(4 * a[i/columns] * b[i%columns] / math.Sqrt(float64(rows*columns)))
				}
			}
		})
	}
}

// TestMethodsHaveTheirGradients holds the gradient of the whole network by every parameter, under every method, against
// finite differences along that gradient.
func TestMethodsHaveTheirGradients(t *testing.T) {
	for _, a := range zoo.Archs {
		for _, me := range part.Methods {
			random := rand.New(rand.NewPCG(5, 6))
			m, store := openMethod(t, a, me)
			disturb(store, me, random)
			batch := someBatch(m, random)
			loss := model.MustNewExec(testbackend.Get(t), store, m.Loss)
			gradients := model.MustNewExec(testbackend.Get(t), store, func(s *model.Scope, in []*Node) []*Node {
				l := m.Loss(s, in)
				var of []*Node
				for v := range store.IterVariables() {
					of = append(of, v.NodeValue(l))
				}
				return Gradient(l, of...)
			}).MustCall(batch...)
			i := 0
			for v := range store.IterVariables() {
				along := tensors.MustCopyFlatData[float32](gradients[i])
				i++
				length := 0.0
				for _, g := range along {
					length += float64(g) * float64(g)
				}
				length = math.Sqrt(length)
				at := func(h float64) float64 {
					move := func(h float64) {
						tensors.MustMutableFlatData[float32](v.MustValue(), func(flat []float32) {
							for k := range flat {
								flat[k] += float32(h * float64(along[k]) / length)
							}
						})
					}
					move(h)
					defer move(-h)
					return float64(tensors.ToScalar[float32](loss.MustCall1(batch...)))
				}
				const h = 5e-3
				want := (at(h) - at(-h)) / (2 * h)
				// A loss of 5 in float32 has an error of about 1e-6, over 1e-2; the third derivative times h^2 is some 1e-3 of the first.
				if length == 0 || math.Abs(length-want) > 3e-4+5e-3*want {
					t.Errorf("%s %q: the gradient of %s has length %v, differences along it give %v", a.Name, me, v.Path(), length, want)
				}
			}
		}
	}
}

// TestMethodsStart: under Fixup and SkipInit a network begins as if it had no blocks, and Fixup's classifier says nothing,
// so that the loss is that of guessing.
func TestMethodsStart(t *testing.T) {
	for _, a := range zoo.Archs {
		for _, me := range []part.Method{part.Fixup, part.SkipInit} {
			m, store := openMethod(t, a, me)
			var first, last []float32
			sites := m.Sites()
			out := model.MustNewExec(testbackend.Get(t), store, func(s *model.Scope, in []*Node) []*Node {
				taps := part.Record(in[0].Graph())
				loss := m.Loss(s, in)
				nodes := []*Node{loss}
				for i, name := range taps.Names {
					if name == sites[0].ID+".in" || name == sites[len(sites)-2].ID+".in" {
						nodes = append(nodes, taps.Nodes[i])
					}
				}
				return nodes
			}).MustCall(someBatch(m, rand.New(rand.NewPCG(7, 8)))...)
			first, last = tensors.MustCopyFlatData[float32](out[1]), tensors.MustCopyFlatData[float32](out[2])
			if !reflect.DeepEqual(first, last) {
				t.Errorf("%s %s: the blocks change what passes through them at the start", a.Name, me)
			}
			guessing := math.Log(float64(m.Classes()))
			if got := float64(tensors.ToScalar[float32](out[0])); me == part.Fixup && math.Abs(got-guessing) > 1e-6 {
				t.Errorf("%s: Fixup starts with a loss of %v, expected ln %d = %v", a.Name, got, m.Classes(), guessing)
			}
		}
	}
}

// TestMethodsCountAndComeBack: how many parameters a method adds, and that config.json says which it is. A LLaMA block has
// seven dense layers, a ViT block four; both have two branches, one activation, and a classifier beside the blocks.
func TestMethodsCountAndComeBack(t *testing.T) {
	dense := map[string]int64{"llama": 7, "vit": 4}
	for _, a := range zoo.Archs {
		plain, _ := openMethod(t, a, "")
		layers := int64(len(plain.Sites())-1) / 2
		added := map[part.Method]int64{
			"": 0, part.SkipInit: 2 * layers, part.Fixup: layers*(dense[a.Name]+2+1) + 1, part.SigmaReparam: layers*dense[a.Name] + 1,
		}
		start, err := part.Count(testbackend.Get(t), plain)
		if err != nil {
			t.Fatal(err)
		}
		for _, me := range part.Methods {
			m, _ := openMethod(t, a, me)
			got, err := part.Count(testbackend.Get(t), m)
			if err != nil || got-start != added[me] {
				t.Errorf("%s %q adds %d parameters, expected %d (%v)", a.Name, me, got-start, added[me], err)
			}
			content, err := json.Marshal(m.ConfigJSON())
			if err != nil {
				t.Fatal(err)
			}
			if back, err := zoo.FromConfigJSON(content); err != nil || !reflect.DeepEqual(back, m) {
				t.Errorf("%s %q: %+v came back as %+v (%v)", a.Name, me, m, back, err)
			}
			if (len(m.Extras()) == 0) != (me == "") {
				t.Errorf("%s %q brings along %q", a.Name, me, m.Extras())
			}
		}
		if _, err := a.Open("test", norm.None(), zoo.Options{Method: "rezero"}); err == nil {
			t.Errorf("%s: method rezero was accepted", a.Name)
		}
	}
}
