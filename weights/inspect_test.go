package weights

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

func TestInspectFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	tensors := append(someTensors(), Tensor{"model.empty", BF16, []int{0, 3}, []byte{}})
	if err := WriteFolder(dir, Contents{Config: someConfig, Tensors: tensors, Metadata: map[string]string{"norm": "dyt"}, ShardBytes: 16}); err != nil {
		t.Fatal(err)
	}
	s, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	const first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
	if s.Format != "folder" || s.Path != dir || s.Parameters != 7 || s.Bytes != 28 || !json.Valid(s.Config) {
		t.Errorf("got %+v, want 7 parameters in 28 bytes", s)
	}
	if want := []DTypeSummary{{F32, 2, 6, 24}, {I32, 1, 1, 4}, {BF16, 1, 0, 0}}; !reflect.DeepEqual(s.DTypes, want) {
		t.Errorf("dtypes %v, want %v", s.DTypes, want)
	}
	if want := []TensorSummary{{"model.a", F32, []int{2}, 8, second}, {"model.b", F32, []int{2, 2}, 16, first},
		{"model.c", I32, []int{}, 4, second}, {"model.empty", BF16, []int{0, 3}, 0, second}}; !reflect.DeepEqual(s.Tensors, want) {
		t.Errorf("tensors %v, want %v", s.Tensors, want)
	}
	if len(s.Files) != 2 || s.Files[0].Name != first || s.Files[1].Tensors != 3 || s.Files[1].Metadata["norm"] != "dyt" {
		t.Errorf("files %v", s.Files)
	}
	for _, f := range s.Files {
		if info, err := os.Stat(filepath.Join(dir, f.Name)); err != nil || info.Size() != f.Bytes {
			t.Errorf("%s has %d bytes (%v), want %d", f.Name, info.Size(), err, f.Bytes)
		}
	}
}

// TestInspectIsJSON has the shape that `dyt info --json` promises, for a file without tensors.
func TestInspectIsJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "only metadata.safetensors")
	if err := WriteFile(path, nil, map[string]string{"step": "7"}); err != nil {
		t.Fatal(err)
	}
	s, err := Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	s.Path = "P"
	got, err := json.Marshal(s)
	const want = `{"path":"P","format":"safetensors","parameters":0,"bytes":0,"dtypes":[],` +
		`"files":[{"name":"only metadata.safetensors","bytes":40,"tensors":0,"metadata":{"step":"7"}}],"tensors":[]}`
	if err != nil || string(got) != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

func TestInspectRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := string(fileOf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4))
	for path, says := range map[string]string{
		filepath.Join(dir, "none"): "expected a model folder, a .safetensors file or a llama2.c .bin file",
		t.TempDir():                ConfigFile,
		write("pytorch_model.bin", "PK\x03\x04 and so on"): "a PyTorch file",
		write("old.pt", "\x80\x02}q\x00"):                  "a Python pickle",
		write("model.gguf", "GGUF\x03\x00\x00\x00"):        "a GGUF file",
		write("model.h5", "\x89HDF\r\n"):                   "an HDF5 file",
		write("cut.safetensors", whole[:len(whole)-1]):     "truncated; copy or download it again",
		write("empty.safetensors", ""):                     "file has 0 bytes",
		write("short.bin", "1234"):                         "expected a header of 28 bytes",
		write("text.safetensors", "this is not a model"):   "is this a safetensors file?",
	} {
		_, err := Inspect(path)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %s and %q", err, path, says)
		}
	}
	if _, err := Inspect(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	if _, err := Inspect(filepath.Join(dir, "model.gguf")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
}

func TestInspectLlama2C(t *testing.T) {
	s, err := Inspect(llama2cFile(t, [7]int32{8, 3, 2, 4, 2, 5, 6}, 620))
	if err != nil {
		t.Fatal(err)
	}
	const config = `{"dim":8,"hidden_dim":3,"n_layers":2,"n_heads":4,"n_kv_heads":2,"vocab_size":5,"seq_len":6,` +
		`"shared_classifier":true,"rope":"interleaved","rope_theta":10000,"norm_eps":0.00001}`
	if s.Format != "llama2.c" || s.Parameters != 620-12 || s.Files[0].Bytes != 620*4+28 || string(s.Config) != config {
		t.Errorf("got %+v with %s, want 608 parameters, 2508 bytes and %s", s, s.Config, config)
	}
}

func TestInspectRealFiles(t *testing.T) {
	s, err := Inspect(sampledata.Path(t, "vectors-safetensors/retsim-v1.safetensors"))
	if err != nil || s.Parameters != 535811 || len(s.Tensors) != 23 || !reflect.DeepEqual(s.DTypes, []DTypeSummary{{F32, 23, 535811, 4 * 535811}}) {
		t.Errorf("retsim: got %+v, %v", s, err)
	}
	s, err = Inspect(sampledata.Path(t, "model-stories260k/stories260K.bin"))
	if err != nil || s.Parameters != 260032 || s.Format != "llama2.c" {
		t.Errorf("stories260K: got %+v, %v", s, err)
	}
}

// FuzzInspect gives any bytes under either extension: an error or a summary whose sums add up, never a crash.
func FuzzInspect(f *testing.F) {
	f.Add(fileOf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4), false)
	var head []byte
	for _, v := range []uint32{2, 1, 1, 1, 1, 1, 1} {
		head = binary.LittleEndian.AppendUint32(head, v)
	}
	f.Add(append(head, make([]byte, 4*32)...), true)
	f.Add([]byte("PK\x03\x04"), true)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, bin bool) {
		path := filepath.Join(dir, map[bool]string{true: "x.bin", false: "x.safetensors"}[bin])
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Inspect(path)
		if err != nil {
			return
		}
		var bytes int64
		for _, tensor := range s.Tensors {
			bytes += tensor.Bytes
		}
		if bytes != s.Bytes || bytes > int64(len(data)) || len(s.Tensors) != s.Files[0].Tensors {
			t.Fatalf("%d bytes of tensors in a file of %d: %+v", bytes, len(data), s)
		}
	})
}
