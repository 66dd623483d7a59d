package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dyt-go/dyt/internal/conf"
)

// emptyFolder is writableFolder of a folder that is new: what stands in one that holds anything may be somebody's result.
func emptyFolder(dir string) error {
	if err := writableFolder(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folderError(dir, err)
	}
	if len(entries) > 0 {
		return usage("--out %s holds %s already; name another folder, or --resume where the command has it", dir, entries[0].Name())
	}
	return nil
}

// writableFolder tries whether dir is there or can be made, and files in it. It leaves nothing: who has something to write makes the
// folder.
func writableFolder(dir string) error {
	probe, err := os.MkdirTemp(existing(dir), ".dyt-probe-")
	if err == nil {
		err = os.Remove(probe)
	}
	return folderError(dir, err)
}

func folderError(dir string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // without the name of the probe
	}
	if err == nil {
		return nil
	}
	return conf.WithCode(fmt.Errorf("--out %s: %w; name a folder that you may write to", dir, err), conf.ExitInput)
}

// existing returns dir or its nearest parent that is there.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
