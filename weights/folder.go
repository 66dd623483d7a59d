package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// The files of a model folder, as Hugging Face's libraries name them.
const (
	ConfigFile = "config.json"
	ModelFile  = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// Folder is an open model folder: config.json and the weights in one file or in shards. Only headers are in memory.
type Folder struct {
	Dir    string
	Config json.RawMessage // config.json as it stands: one JSON object

	files []*File
	of    map[string]*File // tensor name -> the file that holds it
}

// shardIndex is model.safetensors.index.json.
type shardIndex struct {
	Metadata  map[string]any    `json:"metadata"`
	WeightMap map[string]string `json:"weight_map"` // tensor name -> file name
}

// OpenFolder opens a model folder. Where both model.safetensors and a shard index stand, the single file counts, as in
// transformers. Each shard must hold exactly the tensors that the index gives it.
func OpenFolder(dir string) (*Folder, error) {
	config, err := readObject(filepath.Join(dir, ConfigFile))
	if err != nil {
		return nil, err
	}
	d := &Folder{Dir: dir, Config: config, of: map[string]*File{}}
	if err := d.openFiles(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Folder) openFiles() error {
	single, err := Open(filepath.Join(d.Dir, ModelFile))
	if err == nil {
		d.add(single)
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(d.Dir, IndexFile)
	text, err := readObject(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("weights: open folder %s: expected %s or %s, found neither: %w", d.Dir, ModelFile, IndexFile, fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	var index shardIndex
	if err := json.Unmarshal(text, &index); err != nil {
		return fmt.Errorf("weights: %s: %w", path, err)
	}
	return d.openShards(path, index.WeightMap)
}

// openShards opens every file that weightMap names and compares what it holds with what weightMap says.
func (d *Folder) openShards(indexPath string, weightMap map[string]string) error {
	if weightMap == nil {
		return fmt.Errorf("weights: %s: expected an object weight_map", indexPath)
	}
	shards := map[string]bool{}
	for name, file := range weightMap {
		if file != filepath.Base(file) || !filepath.IsLocal(file) {
			return fmt.Errorf("weights: %s: tensor %q: expected a file name in the same folder, found %q", indexPath, name, file)
		}
		shards[file] = true
	}
	for _, file := range sortedKeys(shards) {
		f, err := Open(filepath.Join(d.Dir, file))
		if err != nil {
			return fmt.Errorf("weights: %s names a shard: %w", indexPath, err)
		}
		d.files = append(d.files, f) // so that Close finds it even if the check below fails
		for _, info := range f.Infos() {
			if weightMap[info.Name] != file {
				return fmt.Errorf("weights: %s: tensor %q: expected in %q by %s", f.Path(), info.Name, weightMap[info.Name], IndexFile)
			}
			d.of[info.Name] = f
		}
	}
	for _, name := range sortedKeys(weightMap) {
		if d.of[name] == nil {
			return fmt.Errorf("weights: %s: tensor %q: expected in %s, which does not hold it", indexPath, name, weightMap[name])
		}
	}
	return nil
}

func (d *Folder) add(f *File) {
	d.files = append(d.files, f)
	for _, info := range f.Infos() {
		d.of[info.Name] = f
	}
}

// Close closes all files. Tensors that were read stay valid.
func (d *Folder) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Files returns the weight files, shards in the order of their names.
func (d *Folder) Files() []*File { return d.files }

// Infos describes all tensors, sorted by name.
func (d *Folder) Infos() []Info {
	infos := make([]Info, 0, len(d.of))
	for _, name := range sortedKeys(d.of) {
		info, _ := d.of[name].Info(name)
		infos = append(infos, info)
	}
	return infos
}

// Info describes one tensor.
func (d *Folder) Info(name string) (Info, bool) {
	f := d.of[name]
	if f == nil {
		return Info{}, false
	}
	return f.Info(name)
}

// Tensor reads one tensor. A name that the folder does not hold is an error that says how many it holds.
func (d *Folder) Tensor(name string) (Tensor, error) {
	f := d.of[name]
	if f == nil {
		return Tensor{}, fmt.Errorf("weights: %s: tensor %q: not among the %d tensors of the folder", d.Dir, name, len(d.of))
	}
	return f.Tensor(name)
}

// readObject reads a file that holds one JSON object.
func readObject(path string) (json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: read: %w", err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("weights: %s: expected one JSON object: %w", path, err)
	}
	if object == nil {
		return nil, fmt.Errorf("weights: %s: expected one JSON object, found null", path)
	}
	return text, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
