package testbackend

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

func TestBackendComputes(t *testing.T) {
	got := MustNewExec(Get(t), func(x *Node) *Node { return Add(x, x) }).MustCall([]float32{1, 2})[0].Value().([]float32)
	if got[0] != 2 || got[1] != 4 {
		t.Errorf("x+x of [1 2]: got %v", got)
	}
	if Get(t) != Get(t) {
		t.Error("two calls opened two backends")
	}
}
