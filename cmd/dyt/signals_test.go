//go:build unix

package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
)

// listener keeps what a process says, and closes stepped once it has trained a step.
type listener struct {
	said    bytes.Buffer
	stepped chan struct{}
	told    bool
}

func (l *listener) Write(p []byte) (int, error) {
	n, err := l.said.Write(p)
	if !l.told && strings.Contains(l.String(), " step 1/") {
		l.told = true
		close(l.stepped)
	}
	return n, err
}

func (l *listener) String() string { return l.said.String() }

// started runs dyt in a process of its own and returns it once it has trained a step. What it said may be read after Wait.
func started(t *testing.T, args ...string) (*exec.Cmd, *listener) {
	t.Helper()
	path, err := exec.LookPath("dyt") // which testscript.Main puts on PATH
	if err != nil {
		t.Fatal(err)
	}
	said := &listener{stepped: make(chan struct{})}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stderr = t.TempDir(), said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	select {
	case <-said.stepped:
	case <-time.After(time.Minute):
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("dyt %v: no step after a minute: %s", args, said)
	}
	return cmd, said
}

// TestSignalsLeaveACheckpoint: the first signal ends the update, leaves a checkpoint and ends with the signal's exit code,
// and the message says how to go on; nothing on standard error redraws.
func TestSignalsLeaveACheckpoint(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: conf.ExitInterrupted, syscall.SIGTERM: conf.ExitTerminated, syscall.SIGUSR1: conf.ExitRequeue} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd, said := started(t, "train", "llama-0.1M", "--data.source", "sample", "--data.val_tokens", "1k", "--tokens", "1G", "--out", "run")
			cmd.Process.Signal(signal)
			cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != code {
				t.Errorf("exit code %d, expected %d: %s", got, code, said)
			}
			if dirs, _ := filepath.Glob(filepath.Join(cmd.Dir, "run", "checkpoints", "step-*", "COMPLETE")); len(dirs) == 0 {
				t.Error("no checkpoint")
			}
			if !strings.Contains(said.String(), "to go on: dyt train run --resume") || strings.ContainsAny(said.String(), "\r\x1b") {
				t.Errorf("said %q", said.String())
			}
			again := exec.Command(cmd.Path, "train", "run", "--resume", "--print-config")
			again.Dir = cmd.Dir
			if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "tokens: 1000000000 # run/config.yaml") {
				t.Errorf("the run's recipe: %v\n%s", err, out)
			}
		})
	}
}

// TestTheSecondSignalEndsAtOnce: whoever cannot wait for the update is obeyed.
func TestTheSecondSignalEndsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("a slow update takes some seconds to come to")
	}
	cmd, said := started(t, "train", "llama-0.87M", "--data.source", "sample", "--batch", "32", "--out", "run")
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for range 200 { // until the first one is taken, the next would be the first
		cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-ended:
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if status.Signaled() && status.Signal() == syscall.SIGINT {
				return
			}
			t.Fatalf("ended with %v after %v, expected by the signal itself: %s", cmd.ProcessState, time.Since(began), said)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("still there after ten seconds of SIGINT")
}
