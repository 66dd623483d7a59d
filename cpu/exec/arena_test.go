package exec

import (
	"runtime"
	"testing"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// users returns frames of plans that want so many bytes, all of them with one arena each after the other.
func users(as *arenas, sizes ...int) []*frame {
	var list []*frame
	for _, n := range sizes {
		list = append(list, newFrame(&plan.Plan{Func: ir.NewFunc("f"), Arena: n}, 1))
		as.use(list[len(list)-1])
	}
	return list
}

// use takes an arena and gives it back; it returns the arena.
func (as *arenas) use(f *frame) *arena {
	if !as.take(f) {
		as.grow(f)
	}
	defer as.put(f)
	return f.arena
}

func TestExecutablesInTurnShareAnArena(t *testing.T) {
	as := &arenas{}
	list := users(as, 1000, 5000, 3000)
	if len(as.free) != 1 || len(as.free[0].bytes) != 5625 {
		t.Fatalf("%d arenas are free, expected one of 5000 bytes and an eighth", len(as.free))
	}
	large := as.free[0]
	for i, f := range list {
		if got := as.use(f); got != large {
			t.Errorf("frame %d got an arena of %d bytes, expected the one of all", i, len(got.bytes))
		}
	}
}

func TestExecutionsAtTheSameTimeHaveTheirOwn(t *testing.T) {
	as := &arenas{}
	list := users(as, 1000, 1000)
	if !as.take(list[0]) {
		t.Fatal("the arena that is there is not free")
	}
	if as.take(list[1]) {
		t.Fatal("an arena is used twice")
	}
	as.grow(list[1])
	if list[0].arena == list[1].arena {
		t.Fatal("an arena is used twice")
	}
	first, second := list[0].arena, list[1].arena
	as.put(list[0])
	as.put(list[1])
	for range 3 { // each keeps its own as long as nobody else takes it
		if a, b := as.use(list[1]), as.use(list[0]); a != second || b != first {
			t.Fatal("a frame did not get its arena back")
		}
	}
}

func TestArenasEndWithWhoWantedThem(t *testing.T) {
	as := &arenas{}
	list := users(as, 5000, 2000, 3000)
	as.end(list[0]) // the others want 3000 of 5625
	if len(as.free) != 1 {
		t.Fatal("an arena ended that others use")
	}
	as.end(list[2]) // 2000 of 5625
	if len(as.free) != 0 || list[1].arena != nil {
		t.Fatalf("%d arenas are free, expected none", len(as.free))
	}
	if got := len(as.use(list[1]).bytes); got != 2250 {
		t.Errorf("the last frame has an arena of %d bytes, expected 2000 and an eighth", got)
	}
}

// Frames of executables that were forgotten without an end are not kept.
func TestArenasKeepNoFrames(t *testing.T) {
	as := &arenas{}
	keep := users(as, 100)
	for range 1000 {
		users(as, 100)
	}
	runtime.GC()
	users(as, 100)
	if n := len(as.free[0].laid); n > 3 {
		t.Errorf("the arena knows %d frames, expected those that live: 2 or 3", n)
	}
	runtime.KeepAlive(keep)
}
