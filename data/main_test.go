package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

func TestMain(m *testing.M) { sampledata.Main(m) }

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// take reads n batches.
func take(t *testing.T, s Source, n int) []Batch {
	t.Helper()
	batches := make([]Batch, n)
	for i := range batches {
		b, err := s.Next()
		if err != nil {
			t.Fatalf("batch %d of %d: %v", i, n, err)
		}
		for _, a := range b.Inputs {
			if err := a.Check(); err != nil {
				t.Fatal(err)
			}
		}
		batches[i] = b
	}
	return batches
}

// checkSeek gives `before` batches, saves the position, gives `after` more, and demands that a source built anew goes on
// from the position with the same batches and the same trail.
func checkSeek(t *testing.T, build func() Source, before, after int) {
	t.Helper()
	a := build()
	take(t, a, before)
	position, err := a.Position()
	if err != nil {
		t.Fatal(err)
	}
	want := take(t, a, after)
	b := build()
	if err := b.Seek(position); err != nil {
		t.Fatal(err)
	}
	for i, got := range take(t, b, after) {
		var x, y Trail
		x.Add(got)
		y.Add(want[i])
		if x != y {
			t.Fatalf("position after %d batches: batch %d differs after Seek", before, before+i)
		}
	}
	if a.Seen() != b.Seen() {
		t.Errorf("position after %d batches: seen %s, after Seek %s", before, a.Seen(), b.Seen())
	}
}
