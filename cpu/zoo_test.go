package cpu_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
)

// planned is our backend, remembering what it compiles.
type planned struct{ *cpu.Backend }

func openPlanned(t testing.TB) planned { return planned{openBackend(t, "profile")} }

// last returns the newest plan.
func (p planned) last() *plan.Plan {
	all := p.Executables()
	return all[len(all)-1].Plan()
}

func openBackend(t testing.TB, config string) *cpu.Backend {
	t.Helper()
	backend, err := cpu.New(config)
	fatal(t, err)
	t.Cleanup(backend.Finalize)
	return backend
}

// useFlavour makes backends that the test opens use a flavour, whichever the machine prefers and DYT_REQUIRE wants of the others.
func useFlavour(t testing.TB, flavour cpuid.Flavour) {
	t.Helper()
	t.Setenv("DYT_CPU", string(flavour))
	t.Setenv("DYT_REQUIRE", string(flavour))
}

// delegated lists what a plan leaves to the Go backend, by kind; what only renames does not count.
func delegated(p *plan.Plan) []string {
	var kinds []string
	for i := range p.Steps {
		if c := p.Steps[i].Control; c != nil {
			for _, b := range c.Bodies {
				kinds = append(kinds, delegated(b.Plan)...)
			}
		}
		if p.Steps[i].Region == nil {
			continue
		}
		for _, op := range p.Steps[i].Ops {
			switch op.Kind {
			case ir.Constant, ir.Identity, ir.Reshape, ir.Transpose, ir.Slice, ir.BroadcastInDim:
			default:
				kinds = append(kinds, op.Kind.String())
			}
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// network is a model of the zoo at test size, with weights and an optimizer.
type network struct {
	part.Model
	store  *model.Store
	config optim.Config
	batch  []any
}

// networks opens the test variant of every architecture with its own norm and with DyT.
func networks(t testing.TB, backend compute.Backend, visit func(name string, n *network)) {
	for _, arch := range zoo.Archs {
		for _, kind := range []norm.Kind{arch.Baseline, norm.DyT} {
			n, err := newNetwork(backend, arch, "test", kind, 2)
			fatal(t, err)
			visit(fmt.Sprintf("%s-test-%s", arch.Name, kind), n)
		}
	}
}

func newNetwork(backend compute.Backend, arch zoo.Arch, variant string, kind norm.Kind, size int) (*network, error) {
	return newNetworkWith(backend, arch, variant, kind, size, zoo.Options{})
}

func newNetworkWith(backend compute.Backend, arch zoo.Arch, variant string, kind norm.Kind, size int, o zoo.Options) (*network, error) {
	c, err := arch.Norm(variant, kind)
	if err != nil {
		return nil, err
	}
	m, err := arch.Open(variant, c, o)
	if err != nil {
		return nil, err
	}
	n := &network{Model: m, store: model.NewStore(), config: optim.Default()}
	n.config.Decay, n.config.Clip = 0.1, 1
	if err := part.Initialize(backend, n.store, m, 1); err != nil {
		return nil, err
	}
	for i, s := range m.Inputs(size) {
		if s.DType == dtypes.Int32 {
			n.batch = append(n.batch, tensors.FromFlatDataAndDimensions(pattern[int32](s.Size(), func(k int) int32 { return int32(k * (i + 3) % 7) }), s.Dimensions...))
			continue
		}
		n.batch = append(n.batch, tensors.FromFlatDataAndDimensions(pattern[float32](s.Size(), func(k int) float32 { return float32(k*(i+3)%17)/8 - 1 }), s.Dimensions...))
	}
	return n, n.config.Prepare(n.store, false)
}

func pattern[T any](n int, f func(k int) T) []T {
	list := make([]T, n)
	for k := range list {
		list[k] = f(k)
	}
	return list
}

// trainer returns the compiled training step: forward, backward, clip, AdamW. It takes controls and a batch.
func (n *network) trainer(backend compute.Backend) (*model.Exec, error) {
	return model.NewExec(backend, n.store, func(s *model.Scope, in []*Node) []*Node {
		n.store.SetTraining(in[0].Graph(), true)
		l := n.Loss(s, in[1:])
		return []*Node{l, n.config.Apply(n.store, n.config.Gradients(n.store, l), l, in[0])}
	})
}

// step runs one training step and returns the loss.
func (n *network) step(e *model.Exec, number int) (float32, error) {
	controls := n.config.Tensor(optim.Controls{LR: 1e-3, Decay: 0.1, Step: number})
	out, err := e.Call(append([]any{controls}, n.batch...)...)
	if err != nil {
		return 0, err
	}
	return tensors.ToScalar[float32](out[0]), nil
}

// mayDelegate lists, by what is trained, which ops may be left to the Go backend, and why.
var mayDelegate = map[string][]string{
	"llama": nil,
	"vit":   nil,
}

// Nothing of a zoo model runs on the Go backend, and its plan is the one in testdata/snap, in every flavour.
func TestPlansOfTheZoo(t *testing.T) {
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		backend := openPlanned(t)
		networks(t, backend.Backend, func(name string, n *network) {
			e, err := n.trainer(backend.Backend)
			fatal(t, err)
			_, err = n.step(e, 1)
			fatal(t, err)
			checkDelegated(t, name+" training", n.Arch(), backend.last())
			golden.Snap(t, "plan/"+name+".txt", []byte(summary(backend.last())))

			score := model.MustNewExec(backend.Backend, n.store, func(s *model.Scope, in []*Node) []*Node {
				nll, correct, count := n.Score(s, in)
				return []*Node{nll, correct, count}
			})
			_, err = score.Call(n.batch...)
			fatal(t, err)
			checkDelegated(t, name+" score", n.Arch(), backend.last())
		})
	}
}

// Drop path draws numbers in every step, and none of them is left to the Go backend.
func TestDropPathDelegatesNothing(t *testing.T) {
	backend := openPlanned(t)
	arch, err := zoo.Find("vit")
	fatal(t, err)
	n, err := newNetworkWith(backend.Backend, arch, "test", norm.DyT, 2, zoo.Options{DropPath: 0.1})
	fatal(t, err)
	e, err := n.trainer(backend.Backend)
	fatal(t, err)
	_, err = n.step(e, 1)
	fatal(t, err)
	if !strings.Contains(backend.last().String(), " random ") {
		t.Errorf("the step draws nothing:\n%s", backend.last())
	}
	checkDelegated(t, "drop path", "vit", backend.last())
}

func checkDelegated(t *testing.T, what, arch string, p *plan.Plan) {
	t.Helper()
	for _, kind := range delegated(p) {
		if !slices.Contains(mayDelegate[arch], kind) {
			t.Errorf("%s: %s runs on the Go backend, which only %v may", what, kind, mayDelegate[arch])
		}
	}
}

var varies = regexp.MustCompile(`\bv\d+ |, strips of \d+`)

// summary is the text of a plan without the numbers of values, which change with every op, and without strips, which flavours have
// of their own width or not at all.
func summary(p *plan.Plan) string {
	return strings.TrimSpace(varies.ReplaceAllString(p.String(), "")) + "\n"
}
