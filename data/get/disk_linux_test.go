package get

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inChild runs the rest of a test in a process of its own, because its limits hold for a whole process. It returns true
// in that process; in the first one it runs it, fails if it failed, and returns false.
func inChild(t *testing.T) bool {
	t.Helper()
	const env = "DYT_TEST_CHILD"
	if os.Getenv(env) == t.Name() {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), env+"="+t.Name())
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a child process: %v\n%s", err, out)
	}
	return false
}

// TestFolderWithoutPermission downloads into a folder that the process may only read. Root may write anywhere, so a
// child of root becomes nobody first.
func TestFolderWithoutPermission(t *testing.T) {
	if !inChild(t) {
		return
	}
	h := newHome(t, some(10))
	dir := t.TempDir()
	t.Chdir(dir) // from here on no folder above needs to be searched
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := syscall.Setresuid(nobody, nobody, 0); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setresuid(0, 0, 0) // so that the folder can be removed
	}
	_, err := Fetch(t.Context(), h.set(), quick("."))
	var e *Error
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &e) || e.ExitCode() != 3 || !strings.HasSuffix(err.Error(), "make the folder writable or set DYT_CACHE to another one") {
		t.Errorf("got %v, want ErrPermission, exit code 1 and what to do", err)
	}
}

// TestDiskThatIsFull stops the write after 64 KB with EFBIG, the kernel's answer to a limit of file sizes; what came is
// kept, and a run with more room goes on from there.
func TestDiskThatIsFull(t *testing.T) {
	if !inChild(t) {
		return
	}
	h := newHome(t, some(300_000))
	dir := t.TempDir()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := Fetch(t.Context(), h.set(), quick(dir))
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "goes on where it stopped") || len(h.ranges) != 1 {
		t.Errorf("got %v after %d requests, want EFBIG after one", err, len(h.ranges))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), h.set(), quick(dir)); err != nil || h.ranges[1] != "bytes=65536-" {
		t.Errorf("with more room: %v, asked for %q", err, h.ranges)
	}
	fetched(t, dir, map[string][]byte{"input.txt": h.content})
}
