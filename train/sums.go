package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/weights"
)

// COMPLETE has the form of sha256sum: 64 hexadecimal digits, two spaces, a file name; `sha256sum -c COMPLETE` reads it.

// writeSums makes COMPLETE.
func writeSums(dir string) error {
	var lines bytes.Buffer
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		sum, err := fileSum(filepath.Join(dir, name))
		fmt.Fprintf(&lines, "%s  %s\n", sum, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return weights.AtomicFile(filepath.Join(dir, completeFile), func(w io.Writer) error { _, err := w.Write(lines.Bytes()); return err })
}

// checkSums compares the files of a checkpoint with COMPLETE.
func checkSums(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, completeFile))
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		want, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		got, err := fileSum(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || got != want {
			return &DamagedCheckpoint{Dir: dir, File: name, Err: err}
		}
	}
	return nil
}

// DamagedCheckpoint says that a file of a complete checkpoint is not the one that was written.
type DamagedCheckpoint struct {
	Dir, File string
	Err       error // of reading it; nil when its content differs
}

func (e *DamagedCheckpoint) Error() string {
	what := "its SHA-256 is not the one in COMPLETE"
	if e.Err != nil {
		what = e.Err.Error()
	}
	return fmt.Sprintf("train: checkpoint %s: %s is damaged: %s; without the folder the checkpoint before it counts", e.Dir, e.File, what)
}

func (e *DamagedCheckpoint) Unwrap() error { return e.Err }

// ExitCode is that of wrong input.
func (e *DamagedCheckpoint) ExitCode() int { return conf.ExitInput }

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
