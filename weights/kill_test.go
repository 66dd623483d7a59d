package weights

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// version returns a tensor of 1 MB whose every element is v.
func version(v float32) []Tensor {
	values := make([]float32, 250_000)
	for i := range values {
		values[i] = v
	}
	return []Tensor{FromFloat32s("v", []int{len(values)}, values)}
}

// TestKilledWriterLeavesOldOrNew kills a process that rewrites one file without pause, at ten random moments. Whatever it
// was doing, the file opens and all its elements are of one version.
func TestKilledWriterLeavesOldOrNew(t *testing.T) {
	const env = "DYT_TEST_WRITER"
	if path := os.Getenv(env); path != "" {
		for i := 0; ; i++ {
			if err := WriteFile(path, version(float32(i%2)), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), ModelFile)
	if err := WriteFile(path, version(0), nil); err != nil {
		t.Fatal(err)
	}
	halfWritten := 0
	for range 10 {
		killWriter(t, path, env)
		left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp-*"))
		if err != nil {
			t.Fatal(err)
		}
		halfWritten += len(left)
		for _, file := range left {
			os.Remove(file)
		}
		checkOneVersion(t, path)
	}
	t.Logf("%d of 10 kills came in the middle of a write", halfWritten)
}

// killWriter starts a writer, waits until it has written once, and kills it within 20 ms.
func killWriter(t *testing.T, path, env string) {
	t.Helper()
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	writer := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	writer.Env = append(os.Environ(), env+"="+path)
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	defer writer.Wait() // reports the kill
	defer writer.Process.Kill()
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
		now, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if !os.SameFile(before, now) {
			time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
			return
		}
	}
	t.Fatal("the writer wrote nothing in 10 s")
}

func checkOneVersion(t *testing.T, path string) {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensor, err := f.Tensor("v")
	if err != nil {
		t.Fatal(err)
	}
	values, err := tensor.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if v != values[0] {
			t.Fatalf("element 0 is %v and element %d is %v: two versions in one file", values[0], i, v)
		}
	}
}
