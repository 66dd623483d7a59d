package par

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Team is the workers that run one function together.
type Team struct {
	size    int
	rounds  int      // of waiting awake
	_       [64]byte // arrived and phase on lines of their own: every waiting worker reads phase
	arrived atomic.Int32
	_       [64]byte
	phase   atomic.Uint32
	_       [64]byte
	parked  atomic.Int32
	mutex   sync.Mutex
	wake    *sync.Cond
	_       [64]byte
	next    atomic.Int64
	_       [64]byte
}

var alone = newTeam(1)

func newTeam(n int) *Team {
	t := &Team{size: n, rounds: rounds}
	if min(n, runtime.GOMAXPROCS(0)) > runtime.NumCPU() {
		t.rounds = crowdedRounds
	}
	t.wake = sync.NewCond(&t.mutex)
	return t
}

// Next is a number that all workers of the team share, for work that who comes first takes; nil where there is one worker. It is
// for whoever uses it to set it, before a barrier.
func (t *Team) Next() *atomic.Int64 {
	if t.size == 1 {
		return nil
	}
	return &t.next
}

// Size returns the number of workers of the team.
func (t *Team) Size() int { return t.size }

// spins and rounds bound the time that a worker waits awake: rounds times (spins loads and one yield), about 300 us on a
// 3.9 GHz core, longer than most steps, shorter than what a delegated region keeps the others waiting.
const (
	spins  = 100
	rounds = 2000
)

// crowdedRounds is the bound where more threads run than there are cores: who waits awake then keeps a core from those that it
// waits for. The LLaMA's training step with DYT_THREADS=4 GOMAXPROCS=4 on 2 cores took 1.78 of the time of two workers with 2000
// rounds, 1.36 with 100, 1.39 with 20, 1.30 with 5 (medians of 8 turns). With GOMAXPROCS=2, which is the default there, yielding
// is enough: 1.07.
const crowdedRounds = 5

// Barrier returns when all workers of the team have called it. What they wrote before it is visible after it.
func (t *Team) Barrier() {
	if t.size == 1 {
		return
	}
	phase := t.phase.Load()
	if int(t.arrived.Add(1)) == t.size {
		t.arrived.Store(0)
		t.phase.Add(1)
		if t.parked.Load() > 0 {
			t.mutex.Lock()
			t.wake.Broadcast()
			t.mutex.Unlock()
		}
		return
	}
	for range t.rounds {
		for range spins {
			if t.phase.Load() != phase {
				return
			}
		}
		runtime.Gosched() // a collection must not wait for a spinning worker
	}
	t.park(phase)
}

func (t *Team) park(phase uint32) {
	t.parked.Add(1)
	t.mutex.Lock()
	for t.phase.Load() == phase {
		t.wake.Wait()
	}
	t.mutex.Unlock()
	t.parked.Add(-1)
}

// Share returns the part of n items that worker takes: [from, to). Parts differ by at most one item.
func (t *Team) Share(n, worker int) (from, to int) {
	return n * worker / t.size, n * (worker + 1) / t.size
}
