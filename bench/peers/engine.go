package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// ours is the name of our engine among the engines.
const ours = "dyt"

// engine is a process that runs workloads on request: ours, or a framework behind peer.py.
type engine struct {
	name      string
	cmd       *exec.Cmd
	in        io.WriteCloser
	out       *bufio.Reader
	complaint bytes.Buffer
}

// machine says how engines are started.
type machine struct {
	python  string // of the virtual environment
	script  string // peer.py
	threads int
}

// start starts an engine that uses as many threads as m says.
func (m machine) start(name string, env ...string) (*engine, error) {
	e := &engine{name: name}
	if name == ours {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		e.cmd = exec.Command(self, "serve")
		env = append([]string{"DYT_THREADS=" + strconv.Itoa(m.threads), "GOMAXPROCS=" + strconv.Itoa(min(m.threads, runtime.NumCPU()))}, env...)
	} else {
		e.cmd = exec.Command(m.python, m.script, name, strconv.Itoa(m.threads))
	}
	e.cmd.Env = append(os.Environ(), env...)
	e.cmd.Stderr = &e.complaint
	in, err := e.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.in, e.out = in, bufio.NewReader(out)
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("peers: start %s: %w", name, err)
	}
	return e, nil
}

// ask sends a command and waits for its answer.
func (e *engine) ask(c command) (answer, error) {
	var a answer
	line, err := json.Marshal(c)
	if err != nil {
		return a, err
	}
	if _, err := e.in.Write(append(line, '\n')); err == nil {
		line, err = e.out.ReadBytes('\n')
	}
	if err != nil || json.Unmarshal(line, &a) != nil {
		e.cmd.Wait()
		return a, fmt.Errorf("peers: %s ended at %q; its last words:\n%s", e.name, c.Do, lastLines(e.complaint.String(), 15))
	}
	if a.Error != "" {
		return a, fmt.Errorf("peers: %s: %s %s %s: %s", e.name, c.Do, c.Work, c.Norm, a.Error)
	}
	return a, nil
}

// end lets the process finish.
func (e *engine) end() {
	e.in.Close()
	e.cmd.Wait()
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
