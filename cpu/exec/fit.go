package exec

import (
	"fmt"
	"runtime/debug"

	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/host"
)

// TooLarge says that an execution was not begun because its plan needs more memory than the machine has left.
type TooLarge struct {
	Name       string // of the executable
	Need, Free int    // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("cpu: execute %q: its plan needs %.1f GiB beside its inputs, %.1f GiB are free: use a smaller batch, or free memory", e.Name, gib(e.Need), gib(e.Free))
}

func gib(bytes int) float64 { return float64(bytes) / (1 << 30) }

// fitsMemory returns a *TooLarge when there is no memory for a frame of p and its results. The collector gives back what is garbage before it does.
func fitsMemory(name string, p *plan.Plan, size int, donated bool, free func() int) error {
	need := frameBytes(p, size) + resultBytes(p, donated)
	if left := free(); left == 0 || need <= left { // 0: the system does not say
		return nil
	}
	debug.FreeOSMemory()
	if left := free(); need > left {
		return &TooLarge{Name: name, Need: need, Free: left}
	}
	return nil
}

// freeBytes is what the machine has left; 0 where the system does not say.
func freeBytes() int { return int(host.FreeBytes()) }

// resultBytes is what Execute allocates for results of p; donated says that those that can take a parameter's memory do.
func resultBytes(p *plan.Plan, donated bool) int {
	bytes := 0
	for _, v := range p.Func.Results {
		if place := p.Places[v.ID]; place.Kind == plan.PlaceResult && (place.From == nil || !donated) {
			bytes += int(v.Shape.ByteSize())
		}
	}
	return bytes
}

// frameBytes is what newFrame allocates for p, functions that its steps run included.
func frameBytes(p *plan.Plan, size int) int {
	bytes := p.Arena + 4*p.Worker*size
	for i := range p.Steps {
		if c := p.Steps[i].Control; c != nil {
			for _, b := range c.Bodies {
				bytes += frameBytes(b.Plan, size)
			}
		}
	}
	return bytes
}
