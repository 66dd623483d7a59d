package report

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestWritersDoNotMeet: a run that ends and a report that follows it write the same page.
func TestWritersDoNotMeet(t *testing.T) {
	dir := t.TempDir()
	page := Study{Title: "A run that has just started"}.Page()
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 20 {
				if _, err := page.Write(dir, false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
		t.Errorf("%v is left, expected report.html alone", left)
	}
}

func TestAFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "report.html"), 0o777); err != nil { // a folder in the way
		t.Fatal(err)
	}
	if _, err := (Study{}).Page().Write(dir, false); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, expected the folder alone", left)
	}
}
