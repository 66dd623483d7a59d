package par

import (
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
