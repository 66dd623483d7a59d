package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// life is memory of the arena and the steps from the first to the last that touch it.
type life struct {
	what        string
	first, last int
	from, to    int // bytes
}

// touched lists the values that what runs a step names, wherever it names them, and not what the planner says of the step.
func touched(s *plan.Step) []*ir.Value {
	list := make(map[*ir.Value]bool)
	seen := make(map[any]bool)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() || seen[v.Interface()] {
				return
			}
			seen[v.Interface()] = true
			switch x := v.Interface().(type) {
			case *ir.Value:
				list[x] = true
			case *ir.Op, *ir.Func, *plan.Plan:
			default:
				walk(v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		}
	}
	for _, machine := range []any{s.Gemm, s.Tapes, s.Move, s.Windows, s.Random, s.Attention, s.Rotation, s.Choice, s.Control} {
		walk(reflect.ValueOf(machine))
	}
	if s.Region != nil {
		for _, v := range slices.Concat(s.Reads, s.Writes) {
			list[v] = true
		}
	}
	out := make([]*ir.Value, 0, len(list))
	for v := range list {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b *ir.Value) int { return a.ID - b.ID })
	return out
}

// livesOf lists the memory of the arena that p uses, and says what is wrong with the order in which steps touch values.
func livesOf(p *plan.Plan) (lives []life, wrong []string) {
	first, last := make(map[*ir.Value]int), make(map[*ir.Value]int)
	fault := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, v := range s.Writes {
			if at, twice := first[v]; twice {
				fault("steps %d and %d write %s", at, i, v)
			}
			first[v] = i
		}
		for _, v := range touched(s) {
			place := &p.Places[v.ID]
			if place.Kind == plan.PlaceNone {
				continue
			}
			_, written := first[v]
			if isInput := place.Kind == plan.PlaceParam || place.Kind == plan.PlaceConstant; !written && !isInput {
				fault("step %d reads %s, which no step wrote", i, v)
			}
			last[v] = i
		}
		if s.Scratch.Bytes > 0 {
			lives = append(lives, life{fmt.Sprint("scratch of step ", i), i, i, s.Scratch.Offset, s.Scratch.Offset + s.Scratch.Bytes})
		}
	}
	for v, at := range first {
		if place := &p.Places[v.ID]; place.Kind == plan.PlaceArena {
			lives = append(lives, life{v.String(), at, max(at, last[v]), place.Offset, place.Offset + v.Shape.DType.SizeForDimensions(v.Shape.Dimensions...)})
		}
	}
	for i := range p.Steps {
		for _, v := range p.Steps[i].Free {
			if last[v] > i || slices.Contains(p.Func.Results, v) {
				fault("step %d frees %s too early", i, v)
			}
		}
	}
	taker := make(map[*ir.Value]*ir.Value)
	for _, v := range p.Func.Results {
		y := p.Places[v.ID].From
		if y == nil {
			continue
		}
		if taker[y] != nil && taker[y] != v || last[y] > first[v] || slices.Contains(p.Func.Results, y) {
			fault("%s takes the memory of %s, which somebody else reads or takes", v, y)
		}
		taker[y] = v
	}
	return lives, wrong
}

// checkLives fails where two values lie in the same memory at the same time, in p or in a function that p runs, and returns how
// often values lie where others did before.
func checkLives(t *testing.T, p *plan.Plan) (reused int) {
	t.Helper()
	lives, wrong := livesOf(p)
	for i, a := range lives {
		if a.from < 0 || a.to > p.Arena {
			wrong = append(wrong, fmt.Sprintf("%s lies outside the arena", a.what))
		}
		for _, b := range lives[:i] {
			if a.from >= b.to || b.from >= a.to {
				continue
			}
			reused++
			if a.first <= b.last && b.first <= a.last {
				wrong = append(wrong, fmt.Sprintf("%s (steps %d to %d) and %s (steps %d to %d) lie in the same memory", a.what, a.first, a.last, b.what, b.first, b.last))
			}
		}
	}
	for _, text := range wrong {
		t.Error(text)
	}
	if len(wrong) > 0 {
		t.Fatalf("%s%s", p.Func, p)
	}
	for i := range p.Steps {
		if c := p.Steps[i].Control; c != nil {
			for _, b := range c.Bodies {
				reused += checkLives(t, b.Plan)
			}
		}
	}
	return reused
}

// dying is a random graph of square matrices that are read soon after they are made, through views, and then no more.
func dying(f steps, seed uint64, in []compute.Value) []compute.Value {
	random := rand.New(rand.NewPCG(seed, 17))
	values := slices.Clone(in)
	pick := func() compute.Value {
		n := len(values)
		return values[n-1-random.IntN(min(n, 4))]
	}
	reshape := func(v compute.Value, dims ...int) compute.Value { return must(f.Reshape(v, dims...)) }
	shape := func(v compute.Value) compute.Value { return reshape(v, donatedWidth, donatedWidth) }
	small := func(v compute.Value) compute.Value { return must(f.Mul(v, must(f.Constant([]float32{0.05})))) } // a mean: roundings do not grow
	half := donatedWidth / 2
	for range 6 + random.IntN(20) {
		a, b := pick(), pick()
		switch random.IntN(9) {
		case 0:
			a = f.th(small(f.mm(a, b)))
		case 1:
			a = f.th(f.add(small(f.mm(a, f.tr(b))), a))
		case 2:
			a = f.th(f.add(f.tr(a), b))
		case 3:
			a = f.th(shape(must(f.Transpose(reshape(a, 4, donatedWidth/4, 2, half), 2, 0, 3, 1))))
		case 4: // halves exchanged
			left, right := must(f.Slice(a, []int{0, half}, []int{donatedWidth, donatedWidth}, nil)), must(f.Slice(b, []int{0, 0}, []int{donatedWidth, half}, nil))
			a = must(f.Concatenate(1, left, right))
		case 5: // every other row, twice
			odd := must(f.Slice(a, []int{1, 0}, []int{donatedWidth, donatedWidth}, []int{2, 1}))
			a = shape(must(f.BroadcastInDim(odd, shapes.Make(dtypes.Float32, 2, half, donatedWidth), []int{1, 2})))
			a = f.add(a, b)
		case 6:
			a = f.th(f.add(a, must(f.BroadcastInDim(small(must(f.ReduceSum(b, random.IntN(2)))), donatedShape, []int{random.IntN(2)}))))
		case 7:
			a = f.add(must(f.Reverse(a, random.IntN(2))), b)
		default:
			a = f.mul(f.th(a), f.tr(f.tr(b)))
		}
		values = append(values, f.th(a))
	}
	return []compute.Value{values[len(values)-1], pick(), f.tr(pick())}
}

// Graphs of arrays of one size that end soon give what the Go backend gives, donated or not, and no step of theirs writes what
// another still reads.
func TestDyingArrays(t *testing.T) {
	_, reference := openBackends(t)
	seeds := uint64(150)
	if testing.Short() {
		seeds = 40
	}
	for _, config := range []string{"profile", "profile,fuse=always", "profile,fuse=none"} {
		ours, reused := openBackend(t, config), 0
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s/%d", config, seed), func(t *testing.T) {
				graph := func(f compute.Function, in []compute.Value) []compute.Value { return dying(steps{f, t}, seed, in) }
				want := runDonated(t, reference, graph, 0)
				alike(t, "ours", runDonated(t, ours, graph, 0), want)
				alike(t, "ours, inputs donated", runDonated(t, ours, graph, 7), want)
				all := ours.Executables()
				reused += checkLives(t, all[len(all)-1].Plan())
			})
		}
		if reused == 0 {
			t.Errorf("%s: no array lies where another one did", config)
		}
	}
}

// The same holds for random graphs, and for the training step of each architecture.
func TestNoStepWritesWhatAnotherReads(t *testing.T) {
	ours := openBackend(t, "profile,fuse=always")
	for seed := range uint64(300) {
		_, builder, _ := buildRandom(ours, seed, 5+int(seed%60))
		_, err := builder.Compile()
		fatal(t, err)
	}
	backend := openPlanned(t)
	if !testing.Short() {
		networks(t, backend.Backend, func(name string, n *network) { checkStep(t, backend, n, name) })
	}
	reused := 0
	for _, e := range slices.Concat(ours.Executables(), backend.Executables()) {
		reused += checkLives(t, e.Plan())
	}
	if reused == 0 {
		t.Error("no array lies where another one did")
	}
}
