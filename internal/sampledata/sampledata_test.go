package sampledata

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// probe is a testing.TB that keeps how a test ended.
type probe struct {
	testing.TB
	skipped, failed string
}

func (p *probe) Helper() {}
func (p *probe) Skipf(format string, args ...any) {
	p.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (p *probe) Fatalf(format string, args ...any) {
	p.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func run(name string) (path string, p *probe) {
	p = &probe{}
	done := make(chan bool)
	go func() {
		defer close(done)
		path = Path(p, name)
	}()
	<-done
	return path, p
}

func TestPathFindsSkipsOrFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "set"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "set", "a.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Env, dir)
	if path, p := run("set/a.txt"); path != filepath.Join(dir, "set", "a.txt") || p.skipped+p.failed != "" {
		t.Errorf("existing file: got %q, %q, %q", path, p.skipped, p.failed)
	}
	if _, p := run("set/b.txt"); !strings.Contains(p.failed, "b.txt") || p.skipped != "" {
		t.Errorf("missing file: failed with %q, skipped with %q, want a failure that names it", p.failed, p.skipped)
	}
	t.Setenv(Env, "")
	before := skipped.Load()
	if _, p := run("set/a.txt"); !strings.Contains(p.skipped, Env) || p.failed != "" {
		t.Errorf("no variable: skipped with %q, failed with %q, want a skip that names %s", p.skipped, p.failed, Env)
	}
	if got := skipped.Load() - before; got != 1 {
		t.Errorf("counted %d skips, want 1", got)
	}
}

func TestReportIsOneLineOrNothing(t *testing.T) {
	var b strings.Builder
	report(&b, 0)
	if b.Len() != 0 {
		t.Errorf("no skips: got %q", b.String())
	}
	report(&b, 3)
	if got, want := b.String(), "sampledata: 3 tests skipped: DYT_DATA is not set\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
