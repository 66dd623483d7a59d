package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// touches is when a tape reads its loads for the last time and writes its stores for the first time, within a tile or a row:
// the numbers of instructions. Reading and writing in one instruction is in place.
type touches struct {
	clock         int
	loads, stores []int
}

func newTouches(t *Tape) touches {
	n := touches{loads: make([]int, len(t.Loads)), stores: make([]int, len(t.Stores))}
	for i := range n.stores {
		n.stores[i] = -1
	}
	return n
}

func (n *touches) load(i int) { n.loads[i] = n.clock }

func (n *touches) store(i int) {
	if n.stores[i] < 0 {
		n.stores[i] = n.clock
	}
}

// touches follows the code of a tape that runs kernels over tiles.
func (l *lowering) touches() touches {
	t := l.tape
	n := newTouches(t)
	loads, stores := make([]int, t.Regs), make([]int, t.Regs) // by register: 1 + the number of the first that has it
	for i := range slices.Backward(t.Loads) {
		loads[t.Loads[i].Reg] = 1 + i
	}
	for i := range slices.Backward(t.Stores) {
		stores[t.Stores[i].Reg] = 1 + i
	}
	for _, in := range t.Code {
		for _, r := range in.reads() {
			if loads[r] > 0 {
				n.load(loads[r] - 1)
			}
		}
		if in.writes() && stores[in.Dst] > 0 {
			n.store(stores[in.Dst] - 1)
		}
		n.clock++
	}
	return n
}

// overwritable notes the loads over whose arrays each store of the tape could be written: they are read element by element where
// the store is written, and not later.
func (l *lowering) overwritable() {
	t := l.tape
	n := l.touched
	if t.Strips == nil {
		n = l.touches()
	}
	for i := range t.Stores {
		s := &t.Stores[i]
		for k := range t.Loads {
			d := &t.Loads[k]
			if d.Kind == LoadDense && d.Offset == 0 && !s.Rows && d.Root.Shape.DType == s.Value.Shape.DType &&
				d.Root.Shape.Size() == s.Value.Shape.Size() && n.loads[k] <= n.stores[i] {
				s.Over = append(s.Over, k)
			}
		}
	}
}

// reuse notes which parameters' memory the results of step i can take over when they were donated: no later step reads them,
// this one in no other place, and they are no results themselves.
func (p *Plan) reuse(i int, last []int, isResult []bool) {
	step := &p.Steps[i]
	if c := step.Choice; c != nil && c.X.Root != c.Y.Root && c.Truth.Root != c.Y.Root {
		p.takeOver(i, c.Out, c.Y.Root, last, isResult)
	}
	reads := make(map[*ir.Value]int)
	for _, t := range step.Tapes {
		for k := range t.Loads {
			reads[t.Loads[k].Root]++
		}
	}
	for _, t := range step.Tapes {
		// A store that is written early has fewer arrays to choose from, and a later one has those too.
		stores := slices.Clone(t.Stores)
		slices.SortStableFunc(stores, func(a, b Store) int { return len(a.Over) - len(b.Over) })
		for _, s := range stores {
			for _, k := range s.Over {
				if y := t.Loads[k].Root; reads[y] == 1 && p.takeOver(i, s.Value, y, last, isResult) {
					reads[y] = 0
					break
				}
			}
		}
	}
}

// takeOver lets the result v of step i lie where parameter y did, if that is donated; false when it cannot.
func (p *Plan) takeOver(i int, v, y *ir.Value, last []int, isResult []bool) bool {
	ok := p.Places[v.ID].Kind == PlaceResult && v.Shape.Equal(y.Shape) && last[y.ID] == i && !isResult[y.ID] &&
		p.Places[y.ID].Kind == PlaceParam && !slices.Contains(p.Func.Captures, y)
	if ok {
		p.Places[v.ID].From = y
	}
	return ok
}
