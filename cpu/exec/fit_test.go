package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

func TestFramesFitMemory(t *testing.T) {
	loop := &plan.Plan{Func: ir.NewFunc("body"), Arena: 1 << 30}
	p := &plan.Plan{Func: ir.NewFunc("step"), Arena: 3 << 30, Worker: 1 << 26, Steps: []plan.Step{{Control: &plan.Control{Bodies: []plan.Branch{{Plan: loop}}}}}}
	const need = 3<<30 + 1<<30 + 2*4<<26
	for _, free := range []int{0, need, need + 1} {
		if err := fitsMemory("step", p, 2, true, func() int { return free }); err != nil {
			t.Errorf("%d bytes free: %v", free, err)
		}
	}
	asked := 0
	err := fitsMemory("step", p, 2, true, func() int { asked++; return need - 1 })
	var large *TooLarge
	if !errors.As(err, &large) || asked != 2 || !strings.Contains(err.Error(), `"step": its plan needs 4.5 GiB`) {
		t.Errorf("one byte too few: %v after asking %d times", err, asked)
	}
}
