package main

import (
	"fmt"
	"os"

	"github.com/dyt-go/dyt/internal/conf"
)

// emptyFolder makes dir, and refuses one that holds anything: what stands there may be somebody's result.
func emptyFolder(dir string) error {
	if err := writableFolder(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return conf.WithCode(fmt.Errorf("--out: %w", err), conf.ExitInput)
	}
	if len(entries) > 0 {
		return usage("--out %s holds %s already; name another folder, or --resume where the command has it", dir, entries[0].Name())
	}
	return nil
}

// writableFolder makes dir and tries whether files can be made in it.
func writableFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return conf.WithCode(fmt.Errorf("--out: %w; name a folder that you may write to", err), conf.ExitInput)
	}
	probe, err := os.CreateTemp(dir, ".dyt-probe-")
	if err != nil {
		return conf.WithCode(fmt.Errorf("--out: %w; name a folder that you may write to", err), conf.ExitInput)
	}
	probe.Close()
	return os.Remove(probe.Name())
}
