package cpu_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dyt-go/dyt/cpu/pass"
	"github.com/dyt-go/dyt/internal/cpuid"
)

// lookedAt is set in a process that runs one function 12 times and is looked at from outside.
const lookedAt = "DYT_TEST_LOOKED_AT"

// TestLookedAt is what such a process does: what is looked at are its 1st and 10th execution.
func TestLookedAt(t *testing.T) {
	if os.Getenv(lookedAt) == "" {
		return // nobody looks
	}
	exec := MustNewExec(openBackend(t, ""), func(x, w *Node) *Node {
		return ReduceAllSum(Tanh(Add(DotGeneral(x, []int{1}, nil, w, []int{0}, nil), Const(x.Graph(), float32(2*0.25)))))
	})
	x, w := make([][]float32, 40), make([][]float32, 8)
	for i := range x {
		x[i] = make([]float32, 8)
	}
	for i := range w {
		w[i] = make([]float32, 24)
	}
	for range 12 {
		exec.MustCall(x, w)
	}
	if os.Getenv(lookedAt) == "loop" {
		runLoop(t)
		MustNewExec(openBackend(t, ""), func(x, w *Node) *Node { return DotGeneral(x, []int{1}, nil, w, []int{0}, nil) }).MustCall(x[:1], w)
	}
}

// runLoop adds 1 to 64 numbers, ten times.
func runLoop(t *testing.T) {
	MustNewExec(openBackend(t, ""), func(x *Node) *Node {
		g := x.Graph()
		cond := NewClosure(g, func(g *Graph) []*Node {
			i, _ := Parameter(g, "i", shapes.Make(dtypes.Int32)), Parameter(g, "x", x.Shape())
			return []*Node{LessThan(i, Const(g, int32(10)))}
		})
		body := NewClosure(g, func(g *Graph) []*Node {
			i, x := Parameter(g, "i", shapes.Make(dtypes.Int32)), Parameter(g, "x", x.Shape())
			return []*Node{AddScalar(i, 1), AddScalar(x, 1)}
		})
		return While(cond, body, Const(g, int32(0)), x)[1]
	}).MustCall(make([]float32, 64))
}

// look runs TestLookedAt in a process of its own with two workers and returns what it says.
func look(t *testing.T, settings ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLookedAt$")
	cmd.Env = append(append(os.Environ(), lookedAt+"=1", "DYT_THREADS=2"), settings...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// Each level of DYT_DEBUG says what it is for and what the lower ones say, and nothing of the higher ones.
func TestDebugLevels(t *testing.T) {
	says := []string{"", "arena ", "plan @main", "drop dead ops:\nfunc @main", "kernels @main", "443.6 to 443.6, mean 443.6"} // 960 tanh(0.5)
	for level := range says {
		out := look(t, "DYT_DEBUG="+string(rune('0'+level)))
		for other := 1; other < len(says); other++ {
			want := 0
			if other <= level {
				want = 1
			}
			if got := strings.Count(out, says[other]); min(got, 1) != want {
				t.Errorf("DYT_DEBUG=%d: %q stands there %d times, expected at least once: %v\n%s", level, says[other], got, want == 1, out)
			}
		}
		if level == 1 && strings.Count(out, says[1]) != 2 {
			t.Errorf("DYT_DEBUG=1: %d reports of 12 executions, expected 2\n%s", strings.Count(out, says[1]), out)
		}
	}
}

// Values in loops are printed, those of the first turns, with the function's name.
func TestDebugValuesOfLoops(t *testing.T) {
	out := look(t, "DYT_DEBUG=5", lookedAt+"=loop")
	for turn, want := range []bool{1: true, 2: true, 3: true, 4: false, 10: false} {
		if turn == 0 || turn > 4 && turn < 10 {
			continue
		}
		text := fmt.Sprintf("f32[64]: %d to %d, mean %d\n", turn, turn, turn)
		if got := regexp.MustCompile(` @\S+: step \d+ .* ` + regexp.QuoteMeta(text)).MatchString(out); got != want {
			t.Errorf("values of turn %d are printed: %v, expected %v\n%s", turn, got, want, out)
		}
	}
}

// Threaded code and multiplications of few rows are named as what they are.
func TestDebugNamesWhatRuns(t *testing.T) {
	out := look(t, "DYT_DEBUG=4", lookedAt+"=loop")
	if os.Getenv("DYT_CPU") != "ref" && cpuid.Best() != cpuid.Ref && !strings.Contains(out, "threaded code, strips of ") {
		t.Errorf("no threaded code:\n%s", out)
	}
	if !strings.Contains(out, "a row of 8 at a time, nothing packed") {
		t.Errorf("no product of one row:\n%s", out)
	}
}

// A trace is JSON and has, for each execution that is looked at, a box for each step and worker; a worker's boxes follow
// each other.
func TestTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.json")
	look(t, "DYT_TRACE="+path)
	text, err := os.ReadFile(path)
	fatal(t, err)
	var events []struct {
		Name, Ph string
		Pid, Tid int
		Ts, Dur  float64
		Args     map[string]string
	}
	if err := json.Unmarshal(text, &events); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	steps, rows, ends := map[string]int{}, map[int]int{}, map[int]float64{}
	for _, e := range events {
		switch e.Ph {
		case "M":
			rows[e.Tid]++
		case "X":
			steps[e.Args["step"]]++
			if e.Dur < 0 || e.Ts < ends[e.Tid] {
				t.Errorf("worker %d: a box from %g on lasts %g us; the one before it ends at %g", e.Tid, e.Ts, e.Dur, ends[e.Tid])
			}
			ends[e.Tid] = e.Ts + e.Dur
		}
	}
	if len(rows) != 2 || rows[1] != 1 || len(steps) < 2 {
		t.Errorf("names by row %v, boxes by step %v: expected two workers and several steps", rows, steps)
	}
	for step, n := range steps {
		if n != 4 {
			t.Errorf("%s: %d boxes, expected 4: two workers, twice", step, n)
		}
	}
}

// A profile keeps the function as recorded and after each pass.
func TestStagesAreKept(t *testing.T) {
	b := openBackend(t, "profile")
	MustNewExec(b, func(x *Node) *Node { return Neg(Neg(x)) }).MustCall([]float32{1})
	stages := b.Compiled()[0].Stages
	if len(stages) != len(pass.All)+1 {
		t.Fatalf("%d stages, expected one more than the %d passes", len(stages), len(pass.All))
	}
	first, last := stages[0].Text, stages[len(stages)-1].Text
	if strings.Count(first, "neg") != 2 || strings.Contains(last, "neg") {
		t.Errorf("two negations become none:\n%s\n%s", first, last)
	}
}
