package train

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// checkpoints/last is a link to the newest checkpoint and checkpoints/best one to the best: of those whose step was evaluated,
// the one with the fewest bits per byte, or wrong predictions of images; of equals the earliest. Retention leaves it alone.
// A run whose train.eval and save.every never meet has only its last one evaluated.
const (
	lastLink = "last"
	bestLink = "best"
)

// Best returns the best checkpoint of a run folder; empty where none of those that are there was evaluated.
func Best(dir string) (string, error) {
	dirs, err := Checkpoints(dir)
	if err != nil {
		return "", err
	}
	lines, err := readLines(filepath.Join(dir, metricsFile), func(Metrics) bool { return true })
	return bestOf(dirs, lines), err
}

func bestOf(dirs []string, lines []Metrics) (best string) {
	measures := map[int]float64{}
	for _, m := range lines {
		if v, evaluated := m.measure(); evaluated {
			measures[m.Step] = v
		}
	}
	lowest := 0.0
	for _, dir := range dirs {
		step, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), stepPrefix))
		if v, evaluated := measures[step]; err == nil && evaluated && (best == "" || v < lowest) {
			best, lowest = dir, v
		}
	}
	return best
}

// link makes the link of that name beside a checkpoint lead to it, in place of what was there.
func link(checkpoint, name string) error {
	if checkpoint == "" {
		return nil
	}
	path := filepath.Join(filepath.Dir(checkpoint), name)
	temp := fmt.Sprintf("%s.tmp-%d", filepath.Join(filepath.Dir(checkpoint), "."+name), os.Getpid())
	if os.Symlink(filepath.Base(checkpoint), temp) != nil {
		return nil // a convenience, and no file system owes it
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}
