package cpu_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// drawTwice runs two draws of bits, one after the other, and returns the bits and the state after each, of which no draw reads the
// third number.
func drawTwice(t *testing.T, backend compute.Backend, seed []uint64, shape shapes.Shape) (bits []any, states [][]uint64) {
	t.Helper()
	b := backend.Builder("draw")
	f := b.Main()
	state := must(f.Parameter("state", compute.RNGStateShape, nil))
	var outputs []compute.Value
	for range 2 {
		next, drawn, err := f.RNGBitGenerator(state, shape)
		fatal(t, err)
		outputs, state = append(outputs, drawn, next), next
	}
	fatal(t, f.Return(outputs, nil))
	in, err := backend.BufferFromFlatData(0, seed, compute.RNGStateShape)
	fatal(t, err)
	exec, err := b.Compile()
	fatal(t, err)
	out, err := exec.Execute([]compute.Buffer{in}, nil, 0)
	fatal(t, err)
	for i := 0; i < len(out); i += 2 {
		flat, err := out[i].Data()
		fatal(t, err)
		next, err := out[i+1].Data()
		fatal(t, err)
		bits, states = append(bits, flat), append(states, next.([]uint64)[:2])
	}
	return bits, states
}

// Random bits are those of the Go backend, whatever their type, their number and the number of threads; and it is ours that
// draws them.
func TestRandomBitsAreThoseOfTheGoBackend(t *testing.T) {
	reference, err := gobackend.New("ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	for _, threads := range []int{1, 2, 5} {
		t.Setenv("DYT_THREADS", fmt.Sprint(threads))
		backend := openPlanned(t)
		for _, shape := range []shapes.Shape{
			shapes.Make(dtypes.Uint8, 1), shapes.Make(dtypes.Uint8, 3, 5), shapes.Make(dtypes.Uint16, 7), shapes.Make(dtypes.Uint32), shapes.Make(dtypes.Int32, 9),
			shapes.Make(dtypes.Uint32, 100, 333), shapes.Make(dtypes.Uint64, 1001),
		} {
			seed := []uint64{0x123456789abcdef0, 42, 7}
			bits, states := drawTwice(t, backend.Backend, seed, shape)
			wantBits, wantStates := drawTwice(t, reference, seed, shape)
			for i := range bits {
				if got, want := fmt.Sprint(bits[i]), fmt.Sprint(wantBits[i]); got != want {
					t.Errorf("%d threads, %s, draw %d: the bits differ from the Go backend's", threads, shape, i)
				}
				if !slices.Equal(states[i], wantStates[i]) {
					t.Errorf("%d threads, %s, draw %d: state %x, the Go backend's is %x", threads, shape, i, states[i], wantStates[i])
				}
			}
			if p := backend.last(); delegated(p) != nil || !strings.Contains(p.String(), " random ") {
				t.Errorf("%s is not drawn here:\n%s", shape, p)
			}
		}
	}
}

// Uniform numbers are the Go backend's bit for bit, and nothing on the way from bits to numbers is left to it.
func TestUniformNumbersAreThoseOfTheGoBackend(t *testing.T) {
	reference, err := gobackend.New("ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	backend := openPlanned(t)
	uniform := func(b compute.Backend) []float32 {
		return MustNewExec(b, func(state *Node) *Node {
			_, x := RandomUniform(state, shapes.Make(dtypes.Float32, 257, 31))
			return x
		}).MustCall([]uint64{1, 2, 3})[0].Value().([][]float32)[256]
	}
	if got, want := uniform(backend.Backend), uniform(reference); !slices.Equal(got, want) {
		t.Errorf("got %v, the Go backend gives %v", got, want)
	}
	if kinds := delegated(backend.last()); kinds != nil {
		t.Errorf("%v is left to the Go backend", kinds)
	}
}
