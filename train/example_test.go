package train_test

import (
	"fmt"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
)

// Twins are one recipe twice: WithNorm changes the norm to the architecture's own setting of another kind, and nothing else.
func ExampleRecipe_WithNorm() {
	dyt, err := train.Find("llama-0.87M")
	if err != nil {
		panic(err)
	}
	rms, err := dyt.WithNorm(norm.RMSNorm)
	if err != nil {
		panic(err)
	}
	fmt.Println(dyt.Describe())
	fmt.Println(dyt.Norm.Kind, dyt.Norm.Alpha0, "beta:", dyt.Norm.Offset)
	fmt.Println(rms.Norm.Kind, "eps:", rms.Norm.Eps)
	fmt.Println((train.Twins{Baseline: rms, Candidate: dyt, Seeds: []uint64{1, 1}}).Check())
	// Output:
	// llama 0.87M on goroot, 1,499,136 tokens
	// dyt {1 1 1} beta: false
	// rmsnorm eps: 1e-05
	// train: compare: seed 1 is given twice; a pair counted twice is no evidence
}
