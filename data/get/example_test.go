package get_test

import (
	"fmt"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/data/get"
)

// What `dyt get tinyshakespeare --dry-run` knows before anything is sent.
func ExampleNewPlan() {
	set, err := data.SetByName("tinyshakespeare")
	if err != nil {
		panic(err)
	}
	plan, err := get.NewPlan(set, "a-folder-that-does-not-exist")
	if err != nil {
		panic(err)
	}
	fmt.Println(plan.Bytes, "bytes for", plan.Steps[0].Files)
	// Output: 1115394 bytes for [input.txt]
}
