package weights

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// inChild runs the rest of a test in a process of its own, so that limits that hold for a whole process can be tried.
// It returns true in that process; in the first one it runs it, fails if it failed, and returns false.
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

// TestFullDiskLeavesTheOldFile writes 400 KB where the system allows files of 64 KB: the kernel stops the write as it
// would on a full disk, with EFBIG for ENOSPC.
func TestFullDiskLeavesTheOldFile(t *testing.T) {
	if !inChild(t) {
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, ModelFile)
	old := []Tensor{FromFloat32s("old", []int{2}, []float32{1, 2})}
	if err := WriteFile(path, old, nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, []Tensor{FromFloat32s("new", []int{100_000}, make([]float32, 100_000))}, nil)
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "is unchanged: raise the limit") {
		t.Errorf("got %v, want EFBIG with the path and advice", err)
	}
	if names := list(t, dir); !reflect.DeepEqual(names, []string{ModelFile}) {
		t.Errorf("left %v behind", names)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.Tensor("old"); err != nil || !reflect.DeepEqual(got, old[0]) {
		t.Errorf("the old file holds %v, %v", got, err)
	}
}

// TestFolderWithoutPermission writes into a folder that the process may only read. Root may write anywhere, so a child
// of root becomes nobody first.
func TestFolderWithoutPermission(t *testing.T) {
	if !inChild(t) {
		return
	}
	dir := filepath.Join(t.TempDir(), "readonly")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // from here on no folder above needs to be searched
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := syscall.Setresuid(nobody, nobody, 0); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setresuid(0, 0, 0) // so that the folder can be removed
	}
	for name, write := range map[string]func() error{
		"file":   func() error { return WriteFile("x.safetensors", nil, nil) },
		"folder": func() error { return WriteFolder("sub", Contents{Config: someConfig}) },
		"inside": func() error { return WriteFolder(".", Contents{Config: someConfig}) },
	} {
		if err := write(); !errors.Is(err, fs.ErrPermission) || !strings.HasSuffix(err.Error(), "make the folder writable or write to another one") {
			t.Errorf("%s: got %v, want ErrPermission and advice", name, err)
		}
	}
}

// TestDiskErrorsCarryAdvice has the errors that a test cannot bring about on every machine.
func TestDiskErrorsCarryAdvice(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC:       "; what stood there is unchanged: free some space or write to another disk",
		syscall.EDQUOT:       "; what stood there is unchanged: free some space or write to another disk",
		syscall.EROFS:        "; make the folder writable or write to another one",
		errors.New("a fire"): "",
	} {
		if got := advice(&fs.PathError{Op: "write", Path: "x", Err: err}); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}

// TestInspectCostsOnlyTheHeader inspects a file of 100 GB, most of which is a hole of the file system.
func TestInspectCostsOnlyTheHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.safetensors")
	head := fileOf(`{"a":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}`, 0)
	if err := os.WriteFile(path, head, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head))+100e9); err != nil {
		t.Fatalf("a sparse file of 100 GB: %v", err)
	}
	var s *Summary
	var err error
	cost := allocated(func() { s, err = Inspect(path) })
	if err != nil || s.Parameters != 25e9 || s.Bytes != 100e9 || cost > 64<<10 {
		t.Errorf("got %+v, %v for %d bytes allocated, want 25e9 parameters for at most 65536", s, err, cost)
	}
}
