// Command peers measures our engine side by side with PyTorch, JAX, ONNX Runtime and OpenVINO on the same workloads.
//
//	peers -python VENV/bin/python [-only WORK] [-json FILE]      scripts/bench peers calls it so
//	peers serve                                                  our side: one JSON command a line, one answer a line
//
// Every engine is a process behind a pipe. All load the same weights, must compute the same numbers, and run in turn, so
// that a slow minute of the machine is a slow minute of all. Read this file first, then run.go; works.go is the table.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/dyt-go/dyt/internal/history"
	"github.com/dyt-go/dyt/internal/host"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		exit(serve(os.Stdin, os.Stdout))
	}
	var b bench
	var name, peers, rows, past string
	flag.StringVar(&b.python, "python", "", "Python of an environment made from bench/requirements.txt")
	flag.StringVar(&b.script, "script", "bench/peers/peer.py", "the peers' side")
	flag.StringVar(&name, "only", "", "one row of the table, or a family such as vit-train")
	flag.StringVar(&peers, "peers", "", "only these, with commas between them")
	flag.StringVar(&rows, "json", "", "write the rows to this file")
	flag.StringVar(&past, "history", "bench/history.jsonl", "append a line to this file; empty: none")
	flag.IntVar(&b.threads, "threads", 2, "of every engine")
	flag.IntVar(&b.rounds, "rounds", 10, "how often all run in turn")
	flag.StringVar(&b.clock, "clock", wallClock, "wall, or cpu: processor time, for a machine that others use; needs -threads 1")
	flag.Parse()
	if peers != "" {
		b.peers = strings.Split(peers, ",")
	}
	exit(b.main(name, rows, past))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (b *bench) main(name, path, past string) error {
	chosen, err := only(name, b.peers)
	if err != nil {
		return err
	}
	if b.clock != wallClock && (b.clock != cpuClock || b.threads != 1) {
		return fmt.Errorf("peers: -clock %s -threads %d: expected wall, or cpu with one thread", b.clock, b.threads)
	}
	if b.rounds < 2 {
		return fmt.Errorf("peers: -rounds is %d, expected at least 2, and 10 for figures to be shown", b.rounds)
	}
	if b.dir, err = os.MkdirTemp("", "dyt-peers-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.open = map[string]*engine{}
	b.say = func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	defer b.close()
	l := b.line()
	var outcomes []*outcome
	for _, w := range chosen {
		o, err := b.run(w)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
		l.Rows = append(l.Rows, o.rows()...)
		table(os.Stderr, o.rows())
	}
	if name == "" || names(name, memoryRow) {
		memory, err := b.memory()
		if err != nil {
			return err
		}
		l.Rows = append(l.Rows, memory...)
	}
	l.GFLOPS, l.Copy = medianRoofs(outcomes)
	fmt.Printf("%s, %d threads, %s time, %d rounds, load %.1f; peak GFLOP/s %v, copy %.1f GB/s\n\n", l.CPU, l.Threads, l.Clock, l.Rounds, l.Load, l.GFLOPS, l.Copy)
	table(os.Stdout, l.Rows)
	if path != "" {
		if err := writeRows(path, l.Rows); err != nil {
			return err
		}
	}
	if past == "" {
		return nil
	}
	return history.Append(past, l)
}

// line describes this run: when, of which commit, on what.
func (b *bench) line() history.Line {
	l := history.Line{Time: time.Now().UTC().Format(time.RFC3339), CPU: host.Describe().CPU, Threads: b.threads, Clock: b.clock, Rounds: b.rounds, Load: host.Load()}
	if commit, err := exec.Command("git", "rev-parse", "HEAD").Output(); err == nil {
		l.Commit = strings.TrimSpace(string(commit))
	}
	changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no", "--", ":!bench/history.jsonl").Output()
	l.Modified = err == nil && len(changes) > 0
	return l
}
