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

	"github.com/dyt-go/dyt/cpu/build"
	"github.com/dyt-go/dyt/cpu/eval"
)

// draw fills an array of a type with small whole numbers, so that sums are exact in any order.
func draw(random *rand.Rand, shape shapes.Shape) any {
	flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
	v := reflect.ValueOf(flat)
	for i := range v.Len() {
		n := random.IntN(11)
		switch e := v.Index(i); {
		case e.Kind() == reflect.Bool:
			e.SetBool(n > 5)
		case e.CanFloat():
			e.SetFloat(float64(n - 5))
		case e.CanInt():
			e.SetInt(int64(n - 5))
		default:
			e.SetUint(uint64(n))
		}
	}
	return flat
}

// evaluate builds a function of arguments on a backend and returns its results.
func evaluate(t testing.TB, backend compute.Backend, inputs []any, dims [][]int, f func(f compute.Function, in []compute.Value) []compute.Value) []any {
	t.Helper()
	builder := backend.Builder(t.Name())
	main := builder.Main()
	var values []compute.Value
	var buffers []compute.Buffer
	for i, flat := range inputs {
		shape := shapes.Make(dtypes.FromGoType(reflect.TypeOf(flat).Elem()), dims[i]...)
		v, err := main.Parameter(fmt.Sprint("p", i), shape, nil)
		fatal(t, err)
		b, err := backend.BufferFromFlatData(0, flat, shape)
		fatal(t, err)
		values, buffers = append(values, v), append(buffers, b)
	}
	fatal(t, main.Return(f(main, values), nil))
	exec, err := builder.Compile()
	fatal(t, err)
	defer exec.Finalize()
	outputs, err := exec.Execute(buffers, nil, 0)
	fatal(t, err)
	var flats []any
	for _, b := range outputs {
		flat, err := b.Data()
		fatal(t, err)
		flats = append(flats, flat)
	}
	return flats
}

// evalOf evaluates what ours records.
func evalOf(t testing.TB, ours compute.Backend, inputs []any, dims [][]int, f func(f compute.Function, in []compute.Value) []compute.Value) []eval.Array {
	t.Helper()
	main := ours.Builder(t.Name()).Main()
	var values []compute.Value
	var arrays []eval.Array
	for i, flat := range inputs {
		shape := shapes.Make(dtypes.FromGoType(reflect.TypeOf(flat).Elem()), dims[i]...)
		values = append(values, must(main.Parameter(fmt.Sprint("p", i), shape, nil)))
		arrays = append(arrays, eval.Of(shape, flat))
	}
	fatal(t, main.Return(f(main, values), nil))
	results, err := eval.Run(main.(*build.Function).IR(), arrays)
	fatal(t, err)
	return results
}

// differsFromEval says where our results are not those of eval, "" when they are the same numbers.
func differsFromEval(t testing.TB, ours compute.Backend, got, inputs []any, dims [][]int, f func(f compute.Function, in []compute.Value) []compute.Value) string {
	t.Helper()
	for i, w := range evalOf(t, ours, inputs, dims, f) {
		for k, x := range eval.Of(w.Shape, got[i]).Elems {
			if y := w.Elems[k]; x != y && (x == x || y == y) {
				return fmt.Sprintf("result %d, element %d is %g, eval has %g", i, k, x, y)
			}
		}
	}
	return ""
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns the value of a call that cannot fail.
func must(v compute.Value, err error) compute.Value {
	if err != nil {
		panic(err)
	}
	return v
}

var windowTypes = []dtypes.DType{dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Float32}

// Every gather equals the Go backend's: any axes, partial windows, indices beyond both ends, all types, views as operands.
func TestGathersEqualTheGoBackends(t *testing.T) {
	ours, reference := openBackends(t)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 5))
		rank := 1 + random.IntN(4)
		dims, sizes := make([]int, rank), make([]int, rank)
		var collapsed, offsets []int
		for i := range dims {
			dims[i] = 1 + random.IntN(6)
			sizes[i] = 1 + random.IntN(dims[i])
			if random.IntN(2) == 0 {
				sizes[i] = 1
				collapsed = append(collapsed, i)
			}
		}
		indexed := random.Perm(rank)[:1+random.IntN(rank)]
		batch := make([]int, random.IntN(3))
		for i := range batch {
			batch[i] = 1 + random.IntN(4)
		}
		vector := random.IntN(len(batch) + 1)
		indexDims := slices.Insert(slices.Clone(batch), vector, len(indexed))
		places := random.Perm(len(batch) + rank - len(collapsed))[:rank-len(collapsed)]
		slices.Sort(places)
		offsets = places
		x := draw(random, shapes.Make(append(windowTypes, dtypes.Bool)[random.IntN(7)], dims...))
		index := draw(random, shapes.Make([]dtypes.DType{dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Int8}[random.IntN(4)], indexDims...))
		graph := func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.Gather(in[0], in[1], vector, offsets, collapsed, indexed, sizes, false))}
		}
		inputs, inputDims := []any{x, index}, [][]int{dims, indexDims}
		want, got := evaluate(t, reference, inputs, inputDims, graph), evaluate(t, ours, inputs, inputDims, graph)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: gather of %v at %v (vector %d, indexed %v, sizes %v, collapsed %v, offsets %v): got %v, the Go backend has %v",
				seed, dims, indexDims, vector, indexed, sizes, collapsed, offsets, got, want)
		}
		if d := differsFromEval(t, ours, got, inputs, inputDims, graph); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

// Every scatter of whole windows equals the Go backend's, repeated indices included.
func TestScattersEqualTheGoBackends(t *testing.T) {
	ours, reference := openBackends(t)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 6))
		rank := 1 + random.IntN(3)
		dims := make([]int, rank)
		for i := range dims {
			dims[i] = 1 + random.IntN(5)
		}
		if random.IntN(2) == 0 {
			dims[rank-1] = 70 // windows that workers share
		}
		inserted := random.Perm(rank)[:1+random.IntN(rank)]
		slices.Sort(inserted)
		indexed := slices.Clone(inserted)
		random.Shuffle(len(indexed), func(i, j int) { indexed[i], indexed[j] = indexed[j], indexed[i] })
		batch := []int{1 + random.IntN(9)}
		updateDims := slices.Clone(batch)
		var window []int
		for axis, d := range dims {
			if !slices.Contains(inserted, axis) {
				window = append(window, len(updateDims))
				updateDims = append(updateDims, d)
			}
		}
		indexDims := []int{batch[0], len(indexed)}
		index := make([]int32, batch[0]*len(indexed))
		for i := range index {
			index[i] = int32(random.IntN(dims[indexed[i%len(indexed)]]))
		}
		dtype := windowTypes[random.IntN(len(windowTypes))]
		inputs := []any{draw(random, shapes.Make(dtype, dims...)), index, draw(random, shapes.Make(dtype, updateDims...))}
		kind := random.IntN(3)
		graph := func(f compute.Function, in []compute.Value) []compute.Value {
			scatter := []func(a, b, c compute.Value, vector int, w, i, s []int, sorted, unique bool) (compute.Value, error){f.ScatterSum, f.ScatterMax, f.ScatterMin}[kind]
			return []compute.Value{must(scatter(in[0], in[1], in[2], 1, window, inserted, indexed, false, false))}
		}
		inputDims := [][]int{dims, indexDims, updateDims}
		want, got := evaluate(t, reference, inputs, inputDims, graph), evaluate(t, ours, inputs, inputDims, graph)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: scatter %d of %v to %v at %v: got %v, the Go backend has %v", seed, kind, updateDims, dims, index, got, want)
		}
		if d := differsFromEval(t, ours, got, inputs, inputDims, graph); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

// A window that does not lie inside is left out, and windows may be smaller than the axes that they begin along. Only eval
// can say: the Go backend panics, or reads past the window.
func TestScattersOfPartsAndBeyond(t *testing.T) {
	ours, _ := openBackends(t)
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 9))
		rank := 1 + random.IntN(3)
		dims, updateDims := make([]int, rank), []int{1 + random.IntN(5)}
		window := make([]int, rank)
		for i := range dims {
			dims[i] = 1 + random.IntN(50)
			updateDims = append(updateDims, 1+random.IntN(dims[i]))
			window[i] = i + 1
		}
		index := make([]int32, updateDims[0]*rank)
		for i := range index {
			index[i] = int32(random.IntN(dims[i%rank]+4) - 2)
		}
		inputs := []any{draw(random, shapes.Make(dtypes.Float32, dims...)), index, draw(random, shapes.Make(dtypes.Float32, updateDims...))}
		inputDims := [][]int{dims, {updateDims[0], rank}, updateDims}
		graph := func(f compute.Function, in []compute.Value) []compute.Value {
			var axes []int
			for axis := range rank {
				axes = append(axes, axis)
			}
			return []compute.Value{must(f.ScatterSum(in[0], in[1], in[2], 1, window, nil, axes, false, false))}
		}
		got := evaluate(t, ours, inputs, inputDims, graph)
		if d := differsFromEval(t, ours, got, inputs, inputDims, graph); d != "" {
			t.Fatalf("seed %d: %v to %v at %v: %s", seed, updateDims, dims, index, d)
		}
	}
}
