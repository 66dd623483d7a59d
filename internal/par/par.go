// Package par keeps worker goroutines ready and lets a team of them run one function together.
//
// Waking a parked goroutine costs 75 to 240 us, a barrier between workers that are awake 0.1 us. So a whole computation
// is one Run, its steps are separated by Team.Barrier, and a worker that waits spins for a bounded time before it parks.
// The package decides no split: callers divide work by (worker, team size) in a way that fixes results for every size.
package par

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// Threads returns the number of workers to use: DYT_THREADS when it is set, else GOMAXPROCS.
func Threads() (int, error) {
	text := os.Getenv("DYT_THREADS")
	if text == "" {
		return runtime.GOMAXPROCS(0), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxThreads {
		return 0, fmt.Errorf("par: DYT_THREADS=%s: expected a number from 1 to %d", text, maxThreads)
	}
	return n, nil
}

const maxThreads = 1024

// Pool is a fixed set of workers. It may be used from several goroutines; one team runs at a time.
type Pool struct {
	size int
	busy sync.Mutex
	team *Team
	jobs []chan func(*Team, int) // one for each worker but the caller
	done sync.WaitGroup
}

// New returns a pool of n workers: n-1 goroutines and whoever calls Run. The goroutines end with Close.
func New(n int) *Pool {
	p := &Pool{size: n, team: newTeam(n), jobs: make([]chan func(*Team, int), n-1)}
	for i := range p.jobs {
		p.jobs[i] = make(chan func(*Team, int), 1)
		go p.work(i)
	}
	return p
}

// Size returns the number of workers.
func (p *Pool) Size() int { return p.size }

func (p *Pool) work(i int) {
	for f := range p.jobs[i] {
		f(p.team, i+1)
		p.done.Done()
	}
}

// Run calls f once for each worker of a team, at the same time, and returns when all calls have. The caller is worker 0.
// When another team is running, or the pool has one worker, the team is the caller alone. f must not panic, and must not
// call Run.
func (p *Pool) Run(f func(team *Team, worker int)) {
	if p.size == 1 || !p.busy.TryLock() {
		f(alone, 0)
		return
	}
	defer p.busy.Unlock()
	p.done.Add(len(p.jobs))
	for _, jobs := range p.jobs {
		jobs <- f
	}
	f(p.team, 0)
	p.done.Wait()
}

// Close ends the goroutines. The pool must not be running, and cannot run again.
func (p *Pool) Close() {
	for _, jobs := range p.jobs {
		close(jobs)
	}
}
