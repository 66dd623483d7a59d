package exec

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Each level of DYT_DEBUG writes to standard error what it names, and what the levels below it write.
const (
	DebugTimes   = 1 + iota // where the time of executions goes, after the 1st, 10th, 100th, … of each function
	DebugPlan               // the plan of every function that is compiled
	DebugPasses             // the function as recorded and after each pass
	DebugKernels            // the plan with the kernels and tiles of each step
	DebugValues             // what each step of those executions wrote, of loops in their first turns: least, mean and greatest number, NaN and Inf
)

// Debug is the level that DYT_DEBUG asks for, ErrDebug what is wrong with it; then the level is 0.
var Debug, ErrDebug = debugLevel(os.Getenv("DYT_DEBUG"))

func debugLevel(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	level, err := strconv.Atoi(text)
	if err != nil || level < 0 || level > DebugValues {
		return 0, fmt.Errorf("exec: DYT_DEBUG=%s: expected a number from 0 to %d", text, DebugValues)
	}
	return level, nil
}

// look counts an execution and says whether it is the 1st, 10th, 100th, … of its function, which are looked at.
func (e *Executable) look() bool {
	if Debug < DebugTimes && traceTo == nil {
		return false
	}
	n := e.clock.executions.Add(1)
	for n%10 == 0 {
		n /= 10
	}
	return n == 1
}

// note writes what is to be said about an execution that was looked at.
func (e *Executable) note(f *frame) {
	if Debug >= DebugTimes {
		fmt.Fprint(os.Stderr, e.Report())
	}
	if traceTo != nil {
		traceTo.add(e, f)
	}
}

// longestReport is the number of steps that a report lists.
const longestReport = 25

// Report says where the time went, per execution: by who ran the steps, then the slowest steps.
func (e *Executable) Report() string {
	type row struct {
		step int
		mean time.Duration
	}
	var rows []row
	var total time.Duration
	who := make(map[string]time.Duration)
	for i := range e.plan.Steps {
		mean := time.Duration(e.clock.nanos[i].Load() / max(1, e.clock.runs[i].Load()))
		rows = append(rows, row{i, mean})
		total += mean
		who[e.plan.Steps[i].Name()] += mean
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.mean, a.mean) })
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d steps, %v: gemm %v, attention %v, clusters %v, moves %v, rotations %v, windows %v, random %v, regions %v; arena %d KB\n",
		e.name, len(rows), total, who["gemm"], who["attention"], who["cluster"], who["move"]+who["choice"], who["rotation"], who["windows"], who["random"], who["region"], e.plan.Arena>>10)
	for _, r := range rows[:min(len(rows), longestReport)] {
		fmt.Fprintf(&b, "  %9v  %s\n", r.mean, e.plan.Line(r.step))
	}
	return b.String()
}
