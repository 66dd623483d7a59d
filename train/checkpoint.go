package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A checkpoint is a folder checkpoints/step-000100 with
//
//	config.json, model.safetensors   the model, as transformers or timm lay it out
//	ema/                             the same with the moving average of the weights, where the recipe has one
//	tokenizer.json                   of text, in both
//	generation_config.json           of text, in both: how transformers generates
//	trainer.safetensors              states of the optimizer and of the random numbers
//	trainer_state.json               step, position in the data, time spent
//	COMPLETE                         written last, with the SHA-256 of every other file; a folder without it does not count
//
// and checkpoints/last and best are links (links.go). It is made under a hidden name and renamed, so a killed process leaves
// either no folder or a whole one. Resuming checks the sums: a checkpoint that a disk or a copy has changed is named and passed over for
// the one before it. The next one that is saved sets it aside as damaged-step-000100, where it counts no more.

// trainerState is trainer_state.json.
type trainerState struct {
	Step     int             `json:"step"`
	Position json.RawMessage `json:"position"`
	Spent    time.Duration   `json:"spent_ns"`
	Wall     time.Duration   `json:"wall_ns"`
}

const (
	completeFile = "COMPLETE"
	stateFile    = "trainer_state.json"
	statesFile   = "trainer.safetensors"

	averageFolder = "ema"

	stepPrefix    = "step-"
	damagedPrefix = "damaged-"
)

// stepName names a checkpoint's folder, and a sample's file.
func stepName(step int) string { return fmt.Sprintf("%s%06d", stepPrefix, step) }

// byStep orders paths in one folder that stepName names: step-1000000 is after step-999999.
func byStep(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }

// save writes a checkpoint of the present step and removes older ones.
func (r *Run) save() error {
	if r.dir == "" {
		return nil
	}
	final := filepath.Join(r.dir, "checkpoints", stepName(r.step))
	if r.saved == r.step && r.step > 0 {
		return nil
	}
	position, err := r.source.Position()
	if err != nil {
		return err
	}
	var params, averages, states []weights.Tensor
	for v := range r.store.IterVariables() {
		t, err := encode(v)
		if err != nil {
			return err
		}
		if !v.Trainable {
			states = append(states, t)
			continue
		}
		params = append(params, t)
		if average := optim.Average(r.store, v); average != nil {
			a, err := encode(average)
			if err != nil {
				return err
			}
			a.Name = t.Name
			averages = append(averages, a)
		}
	}
	temp := filepath.Join(r.dir, "checkpoints", fmt.Sprintf(".%s.tmp-%d", stepName(r.step), os.Getpid()))
	if err := os.RemoveAll(temp); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	state := trainerState{Step: r.step, Position: position, Spent: r.spent, Wall: r.wall + time.Since(r.began)}
	if err := r.write(temp, params, averages, states, state); err != nil {
		return errors.Join(err, os.RemoveAll(temp)) // a full disk is not to be fuller for it
	}
	if err := errors.Join(os.RemoveAll(final), r.setAside(), os.Rename(temp, final), weights.SyncDir(filepath.Dir(final))); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	r.saved = r.step
	return r.tidy()
}

// write puts the files of a checkpoint into dir.
func (r *Run) write(dir string, params, averages, states []weights.Tensor, state trainerState) error {
	if err := r.writeModel(dir, params); err != nil {
		return err
	}
	if averages != nil {
		if err := r.writeModel(filepath.Join(dir, averageFolder), averages); err != nil {
			return err
		}
	}
	if err := weights.WriteFile(filepath.Join(dir, statesFile), states, nil); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, stateFile), state); err != nil {
		return err
	}
	return writeSums(dir)
}

// setAside renames the damaged checkpoints that the run did not go on from: they would count as newer than those it saves now,
// which retention would then remove.
func (r *Run) setAside() error {
	for _, damaged := range r.Skipped {
		aside := filepath.Join(filepath.Dir(damaged.Dir), damagedPrefix+filepath.Base(damaged.Dir))
		if !complete(damaged.Dir) { // the one that is saved anew
			continue
		}
		if err := errors.Join(os.RemoveAll(aside), os.Rename(damaged.Dir, aside)); err != nil {
			return err
		}
	}
	r.Skipped = nil
	return nil
}

// tidy makes the links lead to the newest and the best checkpoint, and removes the others beyond Save.Keep and what killed
// processes left.
func (r *Run) tidy() error {
	dirs, err := Checkpoints(r.dir)
	if err != nil {
		return err
	}
	best := bestOf(dirs, r.lines)
	if err := errors.Join(link(dirs[len(dirs)-1], lastLink), link(best, bestLink)); err != nil {
		return err
	}
	for _, d := range dirs[:max(len(dirs)-r.Recipe.Save.Keep, 0)] {
		if d == best {
			continue
		}
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("train: remove an old checkpoint: %w", err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "checkpoints", ".*.tmp-*"))
	for _, d := range left {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("train: remove an unfinished checkpoint: %w", err)
		}
	}
	return nil
}

// Checkpoints returns the complete checkpoints of a run folder, oldest first.
func Checkpoints(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "checkpoints"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: checkpoints: %w", err)
	}
	var dirs []string
	for _, e := range entries {
		if path := filepath.Join(dir, "checkpoints", e.Name()); strings.HasPrefix(e.Name(), stepPrefix) && complete(path) {
			dirs = append(dirs, path)
		}
	}
	slices.SortFunc(dirs, byStep)
	return dirs, nil
}

func complete(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, completeFile))
	return err == nil
}

// resume goes on from the newest complete checkpoint whose sums match, if there is one. Where there are checkpoints and all are
// damaged, it does not begin anew of its own accord.
func (r *Run) resume() (found bool, err error) {
	dirs, err := Checkpoints(r.dir)
	if err != nil || len(dirs) == 0 {
		return false, err
	}
	for i, dir := range slices.Backward(dirs) {
		err := checkSums(dir)
		if err == nil {
			return true, r.resumeFrom(dir)
		}
		damaged := new(DamagedCheckpoint)
		if i == 0 || !errors.As(err, &damaged) {
			return false, err
		}
		r.Skipped = append(r.Skipped, damaged)
	}
	return false, nil
}

func (r *Run) resumeFrom(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return fmt.Errorf("train: resume: %w", err)
	}
	var state trainerState
	if err := json.Unmarshal(content, &state); err != nil {
		return fmt.Errorf("train: resume: %s: %w", filepath.Join(dir, stateFile), err)
	}
	f, err := weights.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := Load(r.store, f); err != nil {
		return err
	}
	s, err := weights.Open(filepath.Join(dir, statesFile))
	if err != nil {
		return err
	}
	defer s.Close()
	for v := range r.store.IterVariables() {
		if v.Trainable {
			continue
		}
		if _, saved := s.Info(optim.Name(v)); !saved && optim.IsState(v) {
			return conf.WithCode(fmt.Errorf("train: %s has no %s; the run cannot go on with this %s", s.Path(), optim.Name(v), r.Recipe.Optim.StateKey(v)), conf.ExitUsage)
		}
		if err := decode(v, s); err != nil {
			return err
		}
	}
	if err := r.source.Seek(state.Position); err != nil {
		return err
	}
	r.step, r.spent, r.wall = state.Step, state.Spent, state.Wall
	r.saved = r.step
	return nil
}

// Load gives every trainable variable of store its value in a checkpoint, and refuses one that lacks a value, has it in
// another shape, or holds a tensor that the model has no place for.
func Load(store *model.Store, f Checkpoint) error {
	known := map[string]bool{}
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		known[optim.Name(v)] = true
		if err := decode(v, f); err != nil {
			return err
		}
	}
	for _, info := range f.Infos() {
		if !known[info.Name] {
			return fmt.Errorf("train: the checkpoint holds %s, which the model has no place for", info)
		}
	}
	return nil
}

// tensorReader is a folder or a file of weights.
type tensorReader interface {
	Tensor(name string) (weights.Tensor, error)
}

// elementTypes are those that variables have.
var elementTypes = map[dtypes.DType]weights.DType{
	dtypes.Float32: weights.F32, dtypes.BFloat16: weights.BF16, dtypes.Uint64: weights.U64, dtypes.Int64: weights.I64, dtypes.Int32: weights.I32,
}

func encode(v *model.Variable) (weights.Tensor, error) {
	value, err := v.Value()
	if err != nil {
		return weights.Tensor{}, fmt.Errorf("train: value of %s: %w", optim.Name(v), err)
	}
	t := weights.Tensor{Name: optim.Name(v), DType: elementTypes[v.DType()], Shape: v.Shape().Dimensions}
	if t.DType == "" {
		return t, fmt.Errorf("train: %s has elements of type %s, which a checkpoint does not hold", t.Name, v.DType())
	}
	err = value.ConstBytes(func(b []byte) { t.Data = slices.Clone(b) })
	return t, err
}

func decode(v *model.Variable, from tensorReader) error {
	t, err := from.Tensor(optim.Name(v))
	if err != nil {
		return err
	}
	if !slices.Equal(t.Shape, v.Shape().Dimensions) {
		return fmt.Errorf("train: %s: expected shape %v, the checkpoint has %v", t.Name, v.Shape().Dimensions, t.Shape)
	}
	value := tensors.FromShape(v.Shape())
	if v.DType() == dtypes.Float32 && t.DType != weights.F32 {
		if t, err = t.As(weights.F32); err != nil {
			return err
		}
	}
	if t.DType != elementTypes[v.DType()] {
		return fmt.Errorf("train: %s: expected elements of type %s, the checkpoint has %s", t.Name, elementTypes[v.DType()], t.DType)
	}
	if err := value.MutableBytes(func(b []byte) { copy(b, t.Data) }); err != nil {
		return err
	}
	return v.SetValue(value)
}

// InitHash hashes the values of the named parameters as they are now, of all when paths is nil.
func (r *Run) InitHash(paths []string) (string, error) {
	if paths == nil {
		for _, v := range optim.Trainable(r.store) {
			paths = append(paths, v.Path())
		}
		slices.Sort(paths)
	}
	return part.InitHash(r.store, paths)
}

// Shared returns the parameters that two runs start with alike.
func Shared(a, b *Run) []string { return part.Shared(a.store, b.store) }
