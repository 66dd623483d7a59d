package exec

import (
	"cmp"
	"runtime/debug"
	"slices"
	"sync"
	"weak"

	"github.com/dyt-go/dyt/cpu/plan"
)

// arena is the memory in which one execution keeps what it computes.
type arena struct {
	bytes []byte
	laid  []weak.Pointer[frame] // frames whose values have their places in it
}

// arenas is the memory of all executions of a backend: as many arenas as have run at the same time, each as large as the largest
// plan wanted. Executables that take turns, a training step and an evaluation, need the largest of their arenas and not the sum.
// A frame gets the one back that it had, unless another executable has taken it.
type arenas struct {
	mutex sync.Mutex
	free  []*arena
}

// take gives f an arena that is free; false when none is large enough.
func (as *arenas) take(f *frame) bool {
	if f.plan.Arena == 0 {
		return true
	}
	as.mutex.Lock()
	defer as.mutex.Unlock()
	k := slices.Index(as.free, f.arena)
	if k < 0 {
		k = as.smallest(f.plan.Arena)
	}
	if k < 0 {
		return false
	}
	a := as.free[k]
	as.free = slices.Delete(as.free, k, k+1)
	if a != f.arena {
		f.lay(a)
	}
	return true
}

// grow gives f a new arena, in place of the largest that is free: none of those was large enough. It is an eighth larger than f
// wants, because the next one may want a little more, and memory that nobody touches costs nothing.
func (as *arenas) grow(f *frame) {
	as.mutex.Lock()
	defer as.mutex.Unlock()
	if len(as.free) > 0 {
		as.drop(slices.MaxFunc(as.free, func(a, b *arena) int { return cmp.Compare(len(a.bytes), len(b.bytes)) }))
	}
	f.lay(&arena{bytes: alignedBytes(f.plan.Arena + f.plan.Arena/8)})
}

// returnedBytes is the size from which a dropped arena is large: a collection takes about as long as the system takes to hand out
// as many pages, some milliseconds.
const returnedBytes = 16 << 20

// layAlone gives f an arena of its own.
func (f *frame) layAlone() { f.lay(&arena{bytes: alignedBytes(f.plan.Arena)}) }

// smallest returns the index of the smallest free arena of n bytes or more, -1 if there is none.
func (as *arenas) smallest(n int) int {
	found := -1
	for i, a := range as.free {
		if len(a.bytes) >= n && (found < 0 || len(a.bytes) < len(as.free[found].bytes)) {
			found = i
		}
	}
	return found
}

// drop leaves a free arena to the garbage collector. A large one goes back to the system at once: it would stay resident for some
// collections, beside the arena that comes in its place.
func (as *arenas) drop(a *arena) {
	laid := a.laid
	a.laid = nil
	for _, w := range laid {
		if f := w.Value(); f != nil {
			f.lift()
		}
	}
	as.free = slices.DeleteFunc(as.free, func(b *arena) bool { return b == a })
	if len(a.bytes) >= returnedBytes {
		a.bytes = nil
		debug.FreeOSMemory()
	}
}

// put ends f's use of its arena.
func (as *arenas) put(f *frame) {
	if f.plan.Arena == 0 {
		return
	}
	as.mutex.Lock()
	defer as.mutex.Unlock()
	as.free = append(as.free, f.arena)
}

// end forgets f, which is not in use, and its arena, if that is more than twice what its other users want.
func (as *arenas) end(f *frame) {
	as.mutex.Lock()
	defer as.mutex.Unlock()
	a := f.arena
	if a == nil {
		return
	}
	f.lift()
	need := 0
	for _, w := range a.laid {
		if other := w.Value(); other != nil {
			need = max(need, other.plan.Arena)
		}
	}
	if 2*need < len(a.bytes) && slices.Contains(as.free, a) {
		as.drop(a)
	}
}

// lay gives the values of f's plan their places in a.
func (f *frame) lay(a *arena) {
	f.lift()
	f.arena = a
	a.laid = append(slices.DeleteFunc(a.laid, func(w weak.Pointer[frame]) bool { return w.Value() == nil }), weak.Make(f))
	p := f.plan
	for i := range p.Steps {
		f.shared[i] = words(f.at(p.Steps[i].Scratch))
		for _, v := range p.Steps[i].Writes {
			if p.Places[v.ID].Kind == plan.PlaceArena {
				f.lie(v, f.at(p.Places[v.ID]))
			}
		}
	}
}

// at returns the memory of a place in the arena.
func (f *frame) at(p plan.Place) []byte { return f.arena.bytes[p.Offset : p.Offset+p.Bytes] }

// lift takes f out of its arena, so that nothing of f keeps that alive.
func (f *frame) lift() {
	a := f.arena
	if a == nil {
		return
	}
	f.arena = nil
	a.laid = slices.DeleteFunc(a.laid, func(w weak.Pointer[frame]) bool { return w.Value() == f })
	clear(f.shared)
	clear(f.wrapped)
	for _, w := range f.workers {
		clear(w.regs)
		w.after = epilogue{}
	}
	for id := range f.raw {
		if f.arrays[id] == nil {
			f.raw[id], f.data[id] = nil, nil
		}
	}
}
