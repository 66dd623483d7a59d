package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/weights"
)

// Manifest is testdata/oracle/<room>/MANIFEST.json: how each fixture of a room was made and how exactly it binds us.
type Manifest struct {
	Fixtures map[string]Record `json:"fixtures"`
}

// Record is one fixture's entry in the manifest.
type Record struct {
	ScriptSHA256 string            `json:"script_sha256"` // of scripts/oracle/<room>.py and the underscore modules it imports
	SHA256       string            `json:"sha256"`        // of the fixture file
	Torch        string            `json:"torch"`
	Packages     map[string]string `json:"packages,omitempty"` // other packages that made it, with versions
	Seed         int64             `json:"seed"`
	DType        string            `json:"dtype"`
	Bound        Tolerance         `json:"tolerance"`
	Reason       string            `json:"reason"` // why this tolerance
}

// Tolerance bounds |got - want|: either Abs + Rel*|want|, or a number of ULP of float32.
type Tolerance struct {
	Rel float64 `json:"rel,omitempty"`
	Abs float64 `json:"abs,omitempty"`
	ULP int     `json:"ulp,omitempty"`
}

// Fixture is one oracle file with its record. Its methods end the test when what they are asked for is not there.
type Fixture struct {
	Record
	Path string

	t    testing.TB
	file *weights.File
}

// Load opens testdata/oracle/<room>/<name>.safetensors and its record in the room's MANIFEST.json.
func Load(t testing.TB, room, name string) *Fixture {
	t.Helper()
	dir := filepath.Join(Root(t), "testdata", "oracle", filepath.FromSlash(room))
	record, ok := ReadManifest(t, room).Fixtures[name]
	if !ok {
		t.Fatalf("golden: %s: no fixture %q in MANIFEST.json; make it: python scripts/fixtures.py %s/%s", room, name, room, name)
	}
	path := filepath.Join(dir, name+".safetensors")
	file, err := weights.Open(path)
	if err != nil {
		t.Fatalf("golden: %v; make it again: python scripts/fixtures.py %s/%s", err, room, name)
	}
	t.Cleanup(func() { file.Close() })
	return &Fixture{Record: record, Path: path, t: t, file: file}
}

// ReadManifest reads the manifest of a room.
func ReadManifest(t testing.TB, room string) Manifest {
	t.Helper()
	path := filepath.Join(Root(t), "testdata", "oracle", filepath.FromSlash(room), "MANIFEST.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden: %v; make it: python scripts/fixtures.py %s", err, room)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("golden: %s: %v", path, err)
	}
	return m
}

// Tolerance returns the bound of the manifest.
func (f *Fixture) Tolerance() Tolerance { return f.Bound }

// Has says whether the fixture holds a tensor.
func (f *Fixture) Has(name string) bool {
	_, ok := f.file.Info(name)
	return ok
}

// Names returns the names of all tensors, sorted.
func (f *Fixture) Names() []string {
	names := make([]string, 0, len(f.file.Infos()))
	for _, info := range f.file.Infos() {
		names = append(names, info.Name)
	}
	sort.Strings(names)
	return names
}

// Meta returns a string that the maker stored with the fixture.
func (f *Fixture) Meta(key string) string {
	f.t.Helper()
	s, ok := f.file.Metadata()[key]
	if !ok {
		f.t.Fatalf("golden: %s: no metadata %q", f.Path, key)
	}
	return s
}

// F32 returns the elements and shape of an F32, BF16 or F16 tensor.
func (f *Fixture) F32(name string) ([]float32, []int) {
	f.t.Helper()
	tensor := f.Tensor(name)
	v, err := tensor.Float32s()
	if err != nil {
		f.t.Fatalf("golden: %s: %v", f.Path, err)
	}
	return v, tensor.Shape
}

// F64 returns the elements and shape of a floating-point tensor of at most 64 bits.
func (f *Fixture) F64(name string) ([]float64, []int) {
	f.t.Helper()
	tensor := f.Tensor(name)
	v, err := tensor.Float64s()
	if err != nil {
		f.t.Fatalf("golden: %s: %v", f.Path, err)
	}
	return v, tensor.Shape
}

// I32 returns the elements and shape of an I32 tensor, or of an I64 tensor whose values fit.
func (f *Fixture) I32(name string) ([]int32, []int) {
	f.t.Helper()
	tensor := f.Tensor(name)
	v, err := tensor.Int32s()
	if err != nil {
		f.t.Fatalf("golden: %s: %v", f.Path, err)
	}
	return v, tensor.Shape
}

// Tensor returns a tensor as stored.
func (f *Fixture) Tensor(name string) weights.Tensor {
	f.t.Helper()
	if !f.Has(name) {
		f.t.Fatalf("golden: %s: no tensor %q; it holds %s", f.Path, name, strings.Join(f.Names(), ", "))
	}
	tensor, err := f.file.Tensor(name)
	if err != nil {
		f.t.Fatalf("golden: %v", err)
	}
	return tensor
}
