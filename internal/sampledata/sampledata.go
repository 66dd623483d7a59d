// Package sampledata finds the sample data sets that some tests read. They are not part of the module: the environment
// variable DYT_DATA names the folder that holds them. With DYT_DATA set, a missing file fails the test; without it the
// test is skipped, and Main counts such skips in a last line, so that they are seen.
package sampledata

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Env is the variable that names the folder.
const Env = "DYT_DATA"

var skipped atomic.Int64

// Path returns the path of a file or folder of the sample data, for example "text-tinyshakespeare/input.txt". Its test
// is skipped when DYT_DATA is not set, and fails when it is set and the file is missing.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(Env)
	if dir == "" {
		skipped.Add(1)
		t.Skipf("sampledata: %s is not set, needed for %s", Env, name)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("sampledata: %v; %s is %s", err, Env, dir)
	}
	return path
}

// Main runs the tests and then prints how many were skipped for want of the data:
//
//	func TestMain(m *testing.M) { sampledata.Main(m) }
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main without the exit, for a test binary that is also a command.
func Run(m *testing.M) int {
	code := m.Run()
	report(os.Stdout, skipped.Load())
	return code
}

// report writes the last line; nothing was skipped, nothing is written.
func report(w io.Writer, n int64) {
	if n > 0 {
		fmt.Fprintf(w, "sampledata: %d tests skipped: %s is not set\n", n, Env)
	}
}
