package llama_test

import (
	"fmt"

	_ "github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
)

// Parameters are counted from shapes: nothing of the 70B is allocated.
func ExampleOpen() {
	backend := compute.MustNew()
	for _, kind := range []norm.Kind{norm.RMSNorm, norm.DyT} {
		n, err := llama.DefaultNorm("70B", kind)
		if err != nil {
			panic(err)
		}
		m, err := llama.Open("70B", n)
		if err != nil {
			panic(err)
		}
		count, err := part.Count(backend, m)
		if err != nil {
			panic(err)
		}
		fmt.Println(kind, count, m.Extras())
	}
	// Output:
	// rmsnorm 68976648192 []
	// dyt 68976648354 [one learnable scalar after the embedding, initially sqrt(8192)]
}
