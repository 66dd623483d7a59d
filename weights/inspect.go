package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// Summary is what headers say about a model folder or a file of tensors. Its JSON is the one of `dyt info --json`.
type Summary struct {
	Path       string          `json:"path"`
	Format     string          `json:"format"`           // "folder", "safetensors" or "llama2.c"
	Config     json.RawMessage `json:"config,omitempty"` // config.json; of llama2.c the header
	Parameters int64           `json:"parameters"`       // elements of all tensors; a tied tensor is stored once
	Bytes      int64           `json:"bytes"`            // of all tensors
	DTypes     []DTypeSummary  `json:"dtypes"`           // the one with the most bytes first
	Files      []FileSummary   `json:"files"`
	Tensors    []TensorSummary `json:"tensors"` // sorted by name
}

// DTypeSummary sums up the tensors of one dtype.
type DTypeSummary struct {
	DType    DType `json:"dtype"`
	Tensors  int   `json:"tensors"`
	Elements int64 `json:"elements"`
	Bytes    int64 `json:"bytes"`
}

// FileSummary is one file of tensors.
type FileSummary struct {
	Name     string            `json:"name"`  // without its folder
	Bytes    int64             `json:"bytes"` // with the header
	Tensors  int               `json:"tensors"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// TensorSummary is one tensor.
type TensorSummary struct {
	Name  string `json:"name"`
	DType DType  `json:"dtype"`
	Shape []int  `json:"shape"`
	Bytes int64  `json:"bytes"`
	File  string `json:"file"`
}

// Inspect reads the headers of a model folder, a safetensors file or a llama2.c checkpoint. It loads no tensor: a
// file of 100 GB costs what its header does; but every check of Open and OpenFolder is made.
func Inspect(path string) (*Summary, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: inspect: %w; expected a model folder, a .safetensors file or a llama2.c .bin file", err)
	}
	s := &Summary{Path: path, DTypes: []DTypeSummary{}, Tensors: []TensorSummary{}}
	if info.IsDir() {
		d, err := OpenFolder(path)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		s.Format, s.Config = "folder", d.Config
		return s, s.add(d.Files()...)
	}
	f, err := s.openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return s, s.add(f)
}

// openFile opens a file by its content where that is unmistakable, else by its extension.
func (s *Summary) openFile(path string) (*File, error) {
	if err := refuseKnown(path); err != nil {
		return nil, err
	}
	if filepath.Ext(path) != ".bin" {
		s.Format = "safetensors"
		return Open(path)
	}
	f, config, err := OpenLlama2C(path)
	if err != nil {
		return nil, err
	}
	s.Format = "llama2.c"
	s.Config, err = json.Marshal(config)
	return f, err
}

// refuseKnown names the formats that people try, and what to do about them.
func refuseKnown(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("weights: inspect: %w", err)
	}
	defer f.Close()
	var head [4]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return nil // Open says what is wrong with so short a file
	}
	for _, known := range []struct{ magic, is string }{
		{"PK\x03\x04", "a PyTorch file (a pickle in a zip), which may run any code when it is loaded: save it as safetensors where you trust it"},
		{"\x80\x02", "a Python pickle, which may run any code when it is loaded: save it as safetensors where you trust it"},
		{"GGUF", "a GGUF file of llama.cpp: take the safetensors that it was made from"},
		{"\x89HDF", "an HDF5 file: save it as safetensors"},
	} {
		if bytes.HasPrefix(head[:], []byte(known.magic)) {
			return fmt.Errorf("weights: %s: expected safetensors, found %s: %w", path, known.is, errors.ErrUnsupported)
		}
	}
	return nil
}

func (s *Summary) add(files ...*File) error {
	dtypes := map[DType]*DTypeSummary{}
	for _, f := range files {
		info, err := os.Stat(f.Path())
		if err != nil {
			return fmt.Errorf("weights: inspect: %w", err)
		}
		name := filepath.Base(f.Path())
		s.Files = append(s.Files, FileSummary{name, info.Size(), len(f.Infos()), f.Metadata()})
		for _, t := range f.Infos() {
			s.Tensors = append(s.Tensors, TensorSummary{t.Name, t.DType, t.Shape, t.Size, name})
			d := dtypes[t.DType]
			if d == nil {
				d = &DTypeSummary{DType: t.DType}
				dtypes[t.DType] = d
			}
			d.Tensors++
			d.Elements += int64(t.Len())
			d.Bytes += t.Size
		}
	}
	for _, d := range dtypes {
		s.DTypes = append(s.DTypes, *d)
		s.Parameters += d.Elements
		s.Bytes += d.Bytes
	}
	sort.Slice(s.DTypes, func(i, j int) bool {
		a, b := s.DTypes[i], s.DTypes[j]
		return a.Bytes > b.Bytes || a.Bytes == b.Bytes && a.DType < b.DType
	})
	sort.Slice(s.Tensors, func(i, j int) bool { return s.Tensors[i].Name < s.Tensors[j].Name })
	return nil
}
