package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// everyDType returns for each dtype a matrix, a scalar (a vector of 8 below 8 bits) and an empty tensor. Byte i of a
// tensor is (7*i + length of its name) mod 256; BOOL has 0 and 1. scripts/interop_safetensors.py knows the same rule.
func everyDType() []Tensor {
	var tensors []Tensor
	for _, d := range DTypes() {
		scalar := []int{}
		if d.Bits() < 8 {
			scalar = []int{8}
		}
		for kind, shape := range map[string][]int{"matrix": {4, 2}, "scalar": scalar, "empty": {3, 0}} {
			t := Tensor{Name: fmt.Sprintf("%s.%s", d, kind), DType: d, Shape: shape}
			t.Data = make([]byte, t.Len()*d.Bits()/8)
			for i := range t.Data {
				t.Data[i] = byte(7*i + len(t.Name))
				if d == Bool {
					t.Data[i] &= 1
				}
			}
			tensors = append(tensors, t)
		}
	}
	return tensors
}

var interop = flag.String("interop", "", "a folder in which the tests leave files for scripts/interop_safetensors.py")

// interopDir returns the folder of -interop, or one that the test removes.
func interopDir(t *testing.T) string {
	if *interop != "" {
		return *interop
	}
	return t.TempDir()
}

func TestEveryDTypeRoundTrips(t *testing.T) {
	path := filepath.Join(interopDir(t), "every_dtype.safetensors")
	metadata := map[string]string{"format": "pt", "ключ <&>": "\"quoted\" \\ \n\u2028"}
	tensors := everyDType()
	if err := WriteFile(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !reflect.DeepEqual(f.Metadata(), metadata) {
		t.Errorf("metadata %v, want %v", f.Metadata(), metadata)
	}
	if len(f.Infos()) != len(tensors) || len(tensors) != 3*22 {
		t.Errorf("%d tensors, wrote %d, want 3 of each of 22 dtypes", len(f.Infos()), len(tensors))
	}
	for _, want := range tensors {
		if got, err := f.Tensor(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v (%v), want %v", want.Info(), got, err, want)
		}
	}
	start := int64(8 + headerLength(t, path))
	if start%8 != 0 {
		t.Errorf("data starts at byte %d, want a multiple of 8", start)
	}
	for _, info := range f.Infos() {
		if width := int64(info.DType.Bits() / 8); width > 0 && info.offset%width != 0 {
			t.Errorf("%s starts at byte %d, want a multiple of %d", info, info.offset, width)
		}
	}
}

func headerLength(t *testing.T, path string) uint64 {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary.LittleEndian.Uint64(whole)
}

// TestWriterEqualsReference writes again what the reference writer wrote, byte for byte.
func TestWriterEqualsReference(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "safetensors", "cases", "*_writer_*"))
	if err != nil || len(paths) != 4 {
		t.Fatalf("found %d files of the reference writer, want 4 (%v)", len(paths), err)
	}
	for _, path := range paths {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := open(want)
		if err != nil {
			t.Fatal(err)
		}
		var tensors []Tensor
		for _, info := range f.Infos() {
			tensor, err := f.Tensor(info.Name)
			if err != nil {
				t.Fatal(err)
			}
			tensors = append(tensors, tensor)
		}
		var got bytes.Buffer
		if err := Encode(&got, tensors, f.Metadata()); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: wrote %q (%v), want %q", path, got.Bytes(), err, want)
		}
	}
}

func TestWriterRefusesWhatNobodyCouldRead(t *testing.T) {
	ok := FromFloat32s("a", []int{2}, []float32{1, 2})
	for _, c := range []struct {
		name     string
		tensors  []Tensor
		metadata map[string]string
		reason   Reason
	}{
		{"reserved name", []Tensor{{"__metadata__", U8, []int{1}, []byte{1}}}, nil, ReservedName},
		{"name twice", []Tensor{ok, ok}, nil, DuplicateKey},
		{"name twice with two dtypes", []Tensor{ok, FromInt32s("b", []int{}, []int32{1}), {"a", U8, []int{0}, nil}}, nil, DuplicateKey},
		{"name not UTF-8", []Tensor{{"\xff", U8, []int{1}, []byte{1}}}, nil, InvalidTensor},
		{"unknown dtype", []Tensor{{"a", "F31", []int{1}, []byte{1}}}, nil, UnknownDType},
		{"no dtype", []Tensor{{"a", "", []int{1}, []byte{1}}}, nil, UnknownDType},
		{"too few bytes", []Tensor{{"a", F32, []int{2}, make([]byte, 7)}}, nil, InvalidTensor},
		{"negative dimension", []Tensor{{"a", F32, []int{-1}, nil}}, nil, InvalidTensor},
		{"overflow", []Tensor{{"a", F32, []int{1 << 40, 1 << 40}, nil}}, nil, InvalidTensor},
		{"half a byte", []Tensor{{"a", F4, []int{3}, make([]byte, 2)}}, nil, MisalignedSlice},
		{"metadata value not UTF-8", nil, map[string]string{"k": "\xff"}, InvalidHeader},
		{"metadata key not UTF-8", nil, map[string]string{"\xff": "v"}, InvalidHeader},
		{"header too large", nil, map[string]string{"k": strings.Repeat("x", MaxHeader)}, HeaderTooLarge},
	} {
		path := filepath.Join(t.TempDir(), "f.safetensors")
		err := WriteFile(path, c.tensors, c.metadata)
		var fe *FormatError
		if !errors.As(err, &fe) || fe.Reason != c.reason || !strings.HasPrefix(err.Error(), "weights: "+path) {
			t.Errorf("%s: got %v, want %s with the path", c.name, err, c.reason)
		}
		if names := list(t, filepath.Dir(path)); len(names) != 0 {
			t.Errorf("%s: left %v behind", c.name, names)
		}
	}
}

func TestAtomicFileLeavesOldOrNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	for _, want := range []string{"old", "new"} {
		if err := AtomicFile(path, text(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	full := errors.New("no space left")
	err := AtomicFile(path, func(w io.Writer) error {
		if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
			t.Errorf("while writing the file is %q, %v, want %q", got, err, "new")
		}
		if err := text(strings.Repeat("part", 100_000))(w); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want the error and the path", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("after a failure the file is %q, %v, want %q", got, err, "new")
	}
	if names := list(t, dir); !reflect.DeepEqual(names, []string{"x"}) {
		t.Errorf("left %v behind", names)
	}
	if err := AtomicFile(filepath.Join(dir, "none", "x"), text("")); !errors.Is(err, os.ErrNotExist) || !strings.HasSuffix(err.Error(), "make the folder first") {
		t.Errorf("no folder: got %v, want ErrNotExist and advice", err)
	}
	t.Chdir(dir)
	if err := AtomicFile("here", text("ok")); err != nil {
		t.Errorf("a bare name: %v", err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
