// Package golden gives tests their recorded truths, of two kinds that are never mixed: oracle fixtures, made by somebody
// else's code (PyTorch, timm, transformers) with scripts/fixtures.py and never rewritten from Go, and snapshots of our
// own output, which `go test -update` rewrites and a reviewer reads as a diff.
//
// It compares no floats: that is internal/near. Read this file first, then snap.go.
package golden

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Root returns the folder of this module's go.mod, looked for from the working folder upwards.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var root = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", &os.PathError{Op: "golden: find the module", Path: "go.mod", Err: os.ErrNotExist}
		}
		dir = parent
	}
})
