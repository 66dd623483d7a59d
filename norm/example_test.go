package norm_test

import (
	"fmt"

	_ "github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// A Spec is a layer: Apply puts it into a graph, and its parameters are variables of the scope.
func ExampleSpec_Apply() {
	layer := norm.Default(norm.DyT).At(norm.FFN) // alpha 0.5, gamma 1, beta 0
	exec, err := model.NewExec(compute.MustNew(), model.NewStore(), func(s *model.Scope, x *Node) *Node {
		return layer.Apply(s.In("norm"), x)
	})
	if err != nil {
		panic(err)
	}
	y, err := exec.Exec1([]float32{-100, -1, 0, 1, 100})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f\n", y.Value())
	// Output: [-1.0000 -0.4621 0.0000 0.4621 1.0000]
}

// The width rule gives a language model its alpha0: table 11 of the paper, in between linear in log2(width).
func ExampleWidthAlpha0() {
	for _, width := range []int{128, 1024, 4096, 5120, 8192} {
		a := norm.WidthAlpha0(width)
		fmt.Printf("width %4d: %.2f before attention, %.2f elsewhere\n", width, a.Attn, a.FFN)
	}
	// Output:
	// width  128: 1.00 before attention, 1.00 elsewhere
	// width 1024: 1.00 before attention, 1.00 elsewhere
	// width 4096: 0.80 before attention, 0.20 elsewhere
	// width 5120: 0.61 before attention, 0.15 elsewhere
	// width 8192: 0.20 before attention, 0.05 elsewhere
}
