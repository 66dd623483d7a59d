package exec

import (
	"sync/atomic"
	"time"
)

// clock adds up the time of each step over all executions. Reading it costs two times 40 ns a step.
type clock struct {
	executions atomic.Int64
	runs       []atomic.Int64
	nanos      []atomic.Int64
}

func newClock(steps int) *clock {
	return &clock{runs: make([]atomic.Int64, steps), nanos: make([]atomic.Int64, steps)}
}

// start and stop do nothing without a clock.
func (c *clock) start() time.Time {
	if c == nil {
		return time.Time{}
	}
	return time.Now()
}

func (c *clock) stop(step int, start time.Time) {
	if c == nil {
		return
	}
	c.runs[step].Add(1)
	c.nanos[step].Add(int64(time.Since(start)))
}
