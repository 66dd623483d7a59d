package par

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryWorkerRunsOnceAndBarriersSeparate(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		p := New(n)
		const phases = 200
		var counts [phases]atomic.Int32
		p.Run(func(team *Team, worker int) {
			for i := range phases {
				counts[i].Add(1)
				team.Barrier()
				if got := int(counts[i].Load()); got != team.Size() {
					t.Errorf("%d workers: %d had reached barrier %d", team.Size(), got, i)
				}
				if i == phases/2 && worker == 0 {
					time.Sleep(3 * time.Millisecond) // long enough for the others to park
				}
			}
		})
		p.Close()
	}
}

func TestConcurrentRunsFallBackToOneWorker(t *testing.T) {
	p := New(3)
	defer p.Close()
	var all sync.WaitGroup
	var items atomic.Int64
	for range 20 {
		all.Go(func() {
			for range 50 {
				p.Run(func(team *Team, worker int) {
					from, to := team.Share(100, worker)
					items.Add(int64(to - from))
					team.Barrier()
				})
			}
		})
	}
	all.Wait()
	if got := items.Load(); got != 20*50*100 {
		t.Errorf("%d items were done, expected %d", got, 20*50*100)
	}
}

func TestThreadsReadsTheEnvironment(t *testing.T) {
	t.Setenv("DYT_THREADS", "3")
	if n, err := Threads(); n != 3 || err != nil {
		t.Errorf("DYT_THREADS=3: got %d, %v", n, err)
	}
	for _, bad := range []string{"0", "-1", "two", "1e3"} {
		t.Setenv("DYT_THREADS", bad)
		if _, err := Threads(); err == nil {
			t.Errorf("DYT_THREADS=%s: no error", bad)
		}
	}
}

func BenchmarkBarrier(b *testing.B) {
	p := New(2)
	defer p.Close()
	p.Run(func(team *Team, worker int) {
		for range b.N {
			team.Barrier()
		}
	})
}

// Where more threads run than there are cores a worker waits awake for a short time only; more workers than threads change nothing.
func TestCrowdedTeamsParkEarly(t *testing.T) {
	cores := runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	if got := newTeam(4 * cores).rounds; got != rounds {
		t.Errorf("%d workers on %d threads and cores wait %d rounds, expected %d", 4*cores, cores, got, rounds)
	}
	runtime.GOMAXPROCS(4 * cores)
	if got := newTeam(cores).rounds; got != rounds {
		t.Errorf("a worker a core waits %d rounds, expected %d", got, rounds)
	}
	p := New(4 * cores)
	defer p.Close()
	if got := p.team.rounds; got != crowdedRounds {
		t.Errorf("%d workers on %d cores wait %d rounds, expected %d", 4*cores, cores, got, crowdedRounds)
	}
	counts := make([]int, 4*cores)
	p.Run(func(team *Team, worker int) {
		for i := range 1000 {
			counts[worker]++
			team.Barrier()
			if other := (worker + 1) % len(counts); counts[other] != i+1 {
				t.Errorf("worker %d is at %d when %d passed barrier %d", other, counts[other], worker, i+1)
			}
			team.Barrier()
		}
	})
}
