package train

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
)

// Checkpoint is a folder or a file of weights.
type Checkpoint interface {
	Infos() []weights.Info
	Info(name string) (weights.Info, bool)
	Tensor(name string) (weights.Tensor, error)
}

// OpenCheckpoint is one that must be closed.
type OpenCheckpoint interface {
	Checkpoint
	io.Closer
}

// ModelFolder returns where the model of a path lies: of a run folder its newest checkpoint, else the path itself, a model
// folder or a file.
func ModelFolder(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("train: model: %w; expected a run, a model folder or a file of weights", err)
	}
	if _, err := os.Stat(filepath.Join(path, "config.json")); errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("train: model: %w; give yourself the right to read the folder", err)
	}
	if !info.IsDir() || holds(path, "config.json") {
		return path, nil
	}
	if !holds(path, configFile) {
		return "", notAModel(path)
	}
	dirs, err := Checkpoints(path)
	if err == nil && len(dirs) == 0 {
		err = conf.WithCode(fmt.Errorf("train: %s: the run has no complete checkpoint yet", path), conf.ExitInput)
	}
	if err != nil {
		return "", err
	}
	return dirs[len(dirs)-1], nil
}

// notAModel says what a folder lacks, and which of its runs could be meant.
func notAModel(dir string) error {
	if runs, _ := filepath.Glob(filepath.Join(dir, "*", configFile)); len(runs) > 0 {
		return fmt.Errorf("train: %s is a folder of runs; name one of them, such as %s", dir, filepath.Dir(runs[0]))
	}
	return fmt.Errorf("train: %s is neither a run nor a model: it has no %s and no config.json", dir, configFile)
}

func holds(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// OpenModel opens a model folder or a llama2.c file, and returns the network that it describes beside its weights, of which
// none is read yet.
func OpenModel(path string) (part.Model, OpenCheckpoint, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		if filepath.Ext(path) == ".safetensors" {
			return nil, nil, conf.WithCode(fmt.Errorf("train: model: %s: weights alone do not say of which network they are; name their folder, with config.json in it", path), conf.ExitInput)
		}
		f, config, err := weights.OpenLlama2C(path)
		if err != nil {
			return nil, nil, err
		}
		m, err := zoo.FromLlama2C(config)
		return opened(path, m, f, err)
	}
	if complete(path) { // one of ours, with the sum of every file
		if err := checkSums(path); err != nil {
			return nil, nil, err
		}
	}
	f, err := weights.OpenFolder(path)
	if err != nil {
		return nil, nil, err
	}
	m, err := zoo.FromConfigJSON(f.Config)
	return opened(path, m, f, err)
}

// opened closes the weights of a network that is not here.
func opened(path string, m part.Model, from OpenCheckpoint, err error) (part.Model, OpenCheckpoint, error) {
	if err != nil {
		from.Close()
		return nil, nil, conf.WithCode(fmt.Errorf("%s: %w", path, err), conf.ExitUnsupported)
	}
	return m, from, nil
}
