package exec

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A trace is a file in Chrome's trace event format, a JSON array that chrome://tracing and ui.perfetto.dev open: a process
// for each function, in it a row for each worker, in it a box for each step. What lies between two boxes is waiting for the
// other workers. DYT_TRACE=FILE writes one, of the 1st, 10th, 100th, … execution of each function; the file is whole after
// each of them.
type trace struct {
	mutex sync.Mutex
	path  string
	file  *os.File            // from the first execution on: a program that computes nothing leaves the file of another alone
	known map[*Executable]int // processes
	began time.Time
	err   error
}

// span is the share that a worker had of a step, in nanoseconds since the trace began.
type span struct{ from, to int64 }

// traceTo is the trace of this process; nil when DYT_TRACE names no file.
var traceTo = traceInto(os.Getenv("DYT_TRACE"))

func traceInto(path string) *trace {
	if path == "" {
		return nil
	}
	return &trace{path: path, known: make(map[*Executable]int), began: time.Now()}
}

// enter and exit note when the worker's share of step i begins and ends, in executions that are looked at.
func (w *worker) enter(f *frame, i int) {
	if !f.looked || traceTo == nil {
		return
	}
	if w.spans == nil {
		w.spans = make([]span, len(f.shared))
	}
	w.spans[i] = span{from: int64(time.Since(traceTo.began))}
}

func (w *worker) exit(f *frame, i int) {
	if f.looked && traceTo != nil {
		w.spans[i].to = int64(time.Since(traceTo.began))
	}
}

// event is a box, or the name of a row.
type event struct {
	Name     string         `json:"name"`
	Phase    string         `json:"ph"` // X: a box, M: a name
	Process  int            `json:"pid"`
	Row      int            `json:"tid"`
	Start    float64        `json:"ts"`  // microseconds
	Duration float64        `json:"dur"` // microseconds
	Args     map[string]any `json:"args"`
}

// add writes the execution that f has just run. An error ends the trace, and is said once.
func (t *trace) add(e *Executable, f *frame) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.err == nil {
		if t.err = t.write(t.events(e, f)); t.err != nil {
			fmt.Fprintf(os.Stderr, "cpu: DYT_TRACE: %v; the trace ends here\n", t.err)
		}
	}
}

func (t *trace) events(e *Executable, f *frame) []event {
	var list []event
	id, known := t.known[e]
	if !known {
		id = len(t.known) + 1
		t.known[e] = id
		list = append(list, event{Name: "process_name", Phase: "M", Process: id, Args: map[string]any{"name": e.name}})
		for row := range f.workers {
			list = append(list, event{Name: "thread_name", Phase: "M", Process: id, Row: row, Args: map[string]any{"name": fmt.Sprintf("worker %d", row)}})
		}
	}
	for row, w := range f.workers {
		for i, s := range w.spans {
			if s.to > 0 {
				list = append(list, event{e.plan.Steps[i].Name(), "X", id, row, float64(s.from) / 1e3, float64(s.to-s.from) / 1e3, map[string]any{"step": e.plan.Line(i)}})
			}
		}
		clear(w.spans) // a team may be the caller alone next time
	}
	return list
}

// write puts events into the array in the file, over its closing bracket.
func (t *trace) write(list []event) error {
	if t.file == nil {
		file, err := os.Create(t.path)
		if err != nil {
			return err
		}
		t.file = file
	}
	at, err := t.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	text := []byte{}
	for _, e := range list {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		text = append(append(text, ",\n"...), line...)
	}
	if text = append(text, "\n]\n"...); at == 0 {
		text[0] = '['
	} else {
		at -= int64(len("\n]\n"))
	}
	_, err = t.file.WriteAt(text, at)
	return err
}
