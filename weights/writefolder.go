package weights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// DefaultShardBytes is the data size from which WriteFolder begins another shard.
const DefaultShardBytes = 5_000_000_000

// Contents is what WriteFolder writes.
type Contents struct {
	Config     any               // marshalled to config.json; must give a JSON object
	Tensors    []Tensor          // in the order in which shards are filled
	Metadata   map[string]string // of each weight file; "format" is added, because transformers asks for it
	ShardBytes int64             // at most so much data a file, except where one tensor is larger; 0: DefaultShardBytes
}

// WriteFolder writes a model folder that transformers and timm find their way in: model.safetensors, or numbered shards
// with their index, and config.json last, so that a folder with config.json is complete. It makes the folder if
// necessary, leaves other files alone, and refuses a folder that already holds a model (fs.ErrExist).
func WriteFolder(dir string, c Contents) error {
	config, err := objectJSON(c.Config)
	if err != nil {
		return fmt.Errorf("weights: write %s: %w", filepath.Join(dir, ConfigFile), err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("weights: write folder: %w%s", err, advice(err))
	}
	if err := holdsNoModel(dir); err != nil {
		return err
	}
	metadata := map[string]string{"format": "pt"}
	maps.Copy(metadata, c.Metadata)
	shards := split(c.Tensors, c.ShardBytes)
	index := shardIndex{Metadata: map[string]any{}, WeightMap: map[string]string{}}
	total := 0
	for i, shard := range shards {
		file := ModelFile
		if len(shards) > 1 {
			file = fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		}
		for _, t := range shard {
			if first, twice := index.WeightMap[t.Name]; twice {
				return fmt.Errorf("weights: write folder %s: tensor %q: occurs twice, in %s and in %s", dir, t.Name, first, file)
			}
			index.WeightMap[t.Name] = file
			total += len(t.Data)
		}
		if err := WriteFile(filepath.Join(dir, file), shard, metadata); err != nil {
			return err
		}
	}
	if len(shards) > 1 {
		index.Metadata["total_size"] = total
		text, err := objectJSON(index)
		if err != nil {
			return fmt.Errorf("weights: write %s: %w", IndexFile, err)
		}
		if err := writeText(filepath.Join(dir, IndexFile), text); err != nil {
			return err
		}
	}
	return writeText(filepath.Join(dir, ConfigFile), config)
}

// split fills shards in order; no tensors give one empty shard.
func split(tensors []Tensor, limit int64) [][]Tensor {
	if limit <= 0 {
		limit = DefaultShardBytes
	}
	shards := [][]Tensor{nil}
	var size int64
	for _, t := range tensors {
		last := len(shards) - 1
		if size += int64(len(t.Data)); size > limit && len(shards[last]) > 0 {
			shards = append(shards, nil)
			last, size = last+1, int64(len(t.Data))
		}
		shards[last] = append(shards[last], t)
	}
	return shards
}

func holdsNoModel(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("weights: write folder: %w", err)
	}
	for _, e := range entries {
		shard, _ := filepath.Match("model*.safetensors", e.Name())
		if shard || e.Name() == IndexFile || e.Name() == ConfigFile {
			return fmt.Errorf("weights: write folder %s: holds %s already; remove it or write elsewhere: %w", dir, e.Name(), fs.ErrExist)
		}
	}
	return nil
}

// objectJSON marshals v, indented, and demands a JSON object.
func objectJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	if b.Bytes()[0] != '{' {
		return nil, fmt.Errorf("expected a value that marshals to a JSON object, got %.40s", b.Bytes())
	}
	return b.Bytes(), nil
}

func writeText(path string, text []byte) error {
	return AtomicFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
