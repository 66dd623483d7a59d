package exec

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/fence"
	"github.com/dyt-go/dyt/internal/par"
)

// productOfChains is a product of ROWS x DEPTH and DEPTH x COLS between chains: RMSNorm's rows before it, and after it a bias, tanh, two
// arrays and sums over columns, rows and all.
const productOfChains = `func @product(v0 "x": f32[ROWS,DEPTH], v1 "w": f32[DEPTH,COLS], v2 "bias": f32[1,COLS], v3 "y": f32[ROWS,COLS]) {
  v4 = mul v0, v0 : f32[ROWS,DEPTH]
  v5 = reduce_sum v4 {axes=[1]} : f32[ROWS]
  v6 = constant {data=[0.01]} : f32
  v7 = mul v5, v6 : f32[ROWS]
  v8 = reshape v7 {dimensions=[ROWS, 1]} : f32[ROWS,1]
  v9 = constant {data=[1e-05]} : f32
  v10 = add v8, v9 : f32[ROWS,1]
  v11 = sqrt v10 : f32[ROWS,1]
  v12 = div v0, v11 : f32[ROWS,DEPTH]
  v13 = tanh v12 : f32[ROWS,DEPTH]
  v14 = dot_general v13, v1 {lhs_contracting_axes=[1], rhs_contracting_axes=[0], config={}} : f32[ROWS,COLS]
  v15 = broadcast_in_dim v2 {output_shape=f32[ROWS,COLS], broadcast_axes=[0, 1]} : f32[ROWS,COLS]
  v16 = add v14, v15 : f32[ROWS,COLS]
  v17 = tanh v16 : f32[ROWS,COLS]
  v18 = mul v17, v3 : f32[ROWS,COLS]
  v19 = reduce_sum v18 {axes=[0]} : f32[COLS]
  v20 = reduce_sum v18 {axes=[1]} : f32[ROWS]
  v21 = mul v18, v3 : f32[ROWS,COLS]
  v22 = reduce_sum v21 {} : f32
  v23 = reduce_max v18 {axes=[0]} : f32[COLS]
  return v17, v18, v19, v20, v22, v23
}
`

// TestStepsTouchNothingBeside their arrays, what workers share, and what each has for itself: a product with prologue and epilogue, and
// the same chains apart from it.
func TestStepsTouchNothingBeside(t *testing.T) {
	engine, err := delegate.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	tried := 0
	for _, table := range kernel.Available() {
		if table.Elem.Strips == nil {
			continue // pure Go does not leave its slices
		}
		for _, s := range [][3]int{{2, 3, 5}, {13, 7, 31}, {14, 16, 32}, {37, 33, 17}, {61, 64, 65}, {150, 96, 40}, {700, 24, 48}, {9, 1100, 20}, {5, 20, 1030}} {
			text := strings.NewReplacer("ROWS", fmt.Sprint(s[0]), "DEPTH", fmt.Sprint(s[1]), "COLS", fmt.Sprint(s[2])).Replace(productOfChains)
			f, err := ir.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, fusion := range []plan.Fusion{plan.Always, plan.Everything, plan.Apart} {
				p, err := plan.Make(f, engine, table, fusion)
				if err != nil {
					t.Fatal(err)
				}
				for i := range p.Steps {
					if g := p.Steps[i].Gemm; g != nil && g.Before != nil && g.After != nil {
						tried++
					}
				}
				fence.Check(t, fmt.Sprintf("%s %v, fusion %d", table.Flavour, s, fusion), func(place fence.Place) {
					runBetween(New("product", NewMemory(nil, engine), par.New(1), p), place)
				})
			}
		}
	}
	if assembly := len(kernel.Available()) - 1; tried < 5*assembly {
		t.Errorf("%d plans have a product with prologue and epilogue, expected 5 at least in each of %d flavours", tried, assembly)
	}
}

// runBetween executes e with each array in a place of its own.
func runBetween(e *Executable, place fence.Place) {
	p := e.plan
	bytes := func(n int) []byte {
		x := make([]float32, n/4)
		for i := range x {
			x[i] = float32(i%7) - 3
		}
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(place(x)))), n)
	}
	f := newFrame(p, 1)
	if p.Arena > 0 {
		f.layAlone()
	}
	f.workers[0].memory = words(bytes(4 * p.Worker))
	for i := range p.Steps {
		f.shared[i] = words(bytes(p.Steps[i].Scratch.Bytes))
		for _, v := range p.Steps[i].Writes {
			f.lie(v, bytes(int(v.Shape.ByteSize())))
		}
	}
	for _, v := range p.Func.Params {
		f.set(v, &Array{Shape: v.Shape, bytes: bytes(int(v.Shape.ByteSize()))}, false)
	}
	e.workers.Run(func(team *par.Team, index int) { e.steps(p, e.clock, f, team, index) })
}
