package weights

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// someTensors are 3 tensors of 16, 8 and 4 bytes.
func someTensors() []Tensor {
	return []Tensor{
		FromFloat32s("model.b", []int{2, 2}, []float32{1, 2, 3, 4}),
		FromFloat32s("model.a", []int{2}, []float32{5, 6}),
		FromInt32s("model.c", []int{}, []int32{7}),
	}
}

var someConfig = map[string]any{"model_type": "llama", "hidden_size": 64}

func TestFolderRoundTrips(t *testing.T) {
	for _, c := range []struct {
		name  string
		shard int64
		files []string
	}{
		{"one file", 0, []string{"config.json", "model.safetensors"}},
		{"two shards", 16, []string{"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}},
		{"each tensor larger than a shard", 1, []string{"config.json", "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
			"model-00003-of-00003.safetensors", "model.safetensors.index.json"}},
	} {
		dir := filepath.Join(interopDir(t), "folder", strings.ReplaceAll(c.name, " ", "_"))
		err := WriteFolder(dir, Contents{Config: someConfig, Tensors: someTensors(), Metadata: map[string]string{"norm": "dyt"}, ShardBytes: c.shard})
		if err != nil {
			t.Fatal(err)
		}
		if got := list(t, dir); !reflect.DeepEqual(got, c.files) {
			t.Errorf("%s: files %v, want %v", c.name, got, c.files)
		}
		d, err := OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		var config map[string]any
		if err := json.Unmarshal(d.Config, &config); err != nil || config["hidden_size"] != 64.0 {
			t.Errorf("%s: config %s (%v)", c.name, d.Config, err)
		}
		if infos := d.Infos(); len(infos) != 3 || infos[0].String() != "model.a F32[2]" || infos[2].String() != "model.c I32[]" {
			t.Errorf("%s: infos %v", c.name, infos)
		}
		for _, want := range someTensors() {
			if got, err := d.Tensor(want.Name); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %v (%v), want %v", c.name, got, err, want)
			}
			if info, ok := d.Info(want.Name); !ok || info.Size != int64(len(want.Data)) {
				t.Errorf("%s: info %v, %v", c.name, info, ok)
			}
		}
		if _, err := d.Tensor("model.d"); err == nil || !strings.Contains(err.Error(), `tensor "model.d": not among the 3`) {
			t.Errorf("%s: missing tensor: got %v", c.name, err)
		}
		for _, f := range d.Files() {
			if m := f.Metadata(); m["format"] != "pt" || m["norm"] != "dyt" {
				t.Errorf("%s: metadata %v", c.name, m)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFolderWithoutTensors(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFolder(dir, Contents{Config: struct{}{}}); err != nil {
		t.Fatal(err)
	}
	d, err := OpenFolder(dir)
	if err != nil || len(d.Infos()) != 0 {
		t.Fatalf("got %v, %v", d, err)
	}
	d.Close()
}

func TestWriteFolderRefuses(t *testing.T) {
	tensors := someTensors()
	full := t.TempDir()
	if err := WriteFolder(full, Contents{Config: someConfig, Tensors: tensors}); err != nil {
		t.Fatal(err)
	}
	err := WriteFolder(full, Contents{Config: someConfig, Tensors: tensors})
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), full) {
		t.Errorf("a folder that holds a model: got %v, want ErrExist and the folder", err)
	}
	for _, c := range []struct {
		says     string
		contents Contents
	}{
		{"JSON object, got [", Contents{Config: []int{1}}},
		{"JSON object, got null", Contents{}},
		{"unsupported type", Contents{Config: map[string]any{"f": func() {}}}},
		{`tensor "model.a": occurs twice, in model-00001-of-00002.safetensors and in model-00002-of-00002.safetensors`,
			Contents{Config: someConfig, Tensors: append([]Tensor{tensors[1]}, tensors[1]), ShardBytes: 8}},
	} {
		err := WriteFolder(t.TempDir(), c.contents)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
}

// TestOpenFolderRefuses spoils a sharded folder in one place each.
func TestOpenFolderRefuses(t *testing.T) {
	const first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
	index := func(weightMap string) string { return `{"weight_map":` + weightMap + `}` }
	for _, c := range []struct {
		name, file, text string // text "" removes the file
		says             []string
		is               error
	}{
		{"no config", ConfigFile, "", []string{ConfigFile}, fs.ErrNotExist},
		{"config is an array", ConfigFile, "[]", []string{ConfigFile, "JSON object"}, nil},
		{"config is null", ConfigFile, "null", []string{ConfigFile, "found null"}, nil},
		{"config cut", ConfigFile, `{"a":`, []string{ConfigFile, "JSON object"}, nil},
		{"no index", IndexFile, "", []string{ModelFile, IndexFile, "neither"}, fs.ErrNotExist},
		{"index without map", IndexFile, "{}", []string{IndexFile, "weight_map"}, nil},
		{"index with a wrong type", IndexFile, index(`{"a":1}`), []string{IndexFile, "weight_map"}, nil},
		{"shard missing", second, "", []string{IndexFile, second}, fs.ErrNotExist},
		{"shard spoilt", first, "x", []string{first, "HeaderTooSmall"}, nil},
		{"single file spoilt", ModelFile, "x", []string{ModelFile, "HeaderTooSmall"}, nil},
		{"path upwards", IndexFile, index(`{"a":"../x.safetensors"}`), []string{`"../x.safetensors"`, "same folder"}, nil},
		{"absolute path", IndexFile, index(`{"a":"/x.safetensors"}`), []string{`"/x.safetensors"`}, nil},
		{"dots", IndexFile, index(`{"a":".."}`), []string{`".."`}, nil},
		{"empty path", IndexFile, index(`{"a":""}`), []string{`""`}, nil},
		{"tensor in no shard", IndexFile, index(`{"model.a":"` + second + `","model.b":"` + first + `","model.c":"` + second + `","model.d":"` + first + `"}`),
			[]string{`"model.d"`, first}, nil},
		{"tensor not in the index", IndexFile, index(`{"model.a":"` + second + `","model.b":"` + first + `"}`), []string{`"model.c"`, second}, nil},
		{"tensor in the other shard", IndexFile, index(`{"model.a":"` + first + `","model.b":"` + first + `","model.c":"` + second + `"}`),
			[]string{`"model.a"`, first, second}, nil},
	} {
		dir := t.TempDir()
		if err := WriteFolder(dir, Contents{Config: someConfig, Tensors: someTensors(), ShardBytes: 16}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, c.file)
		change := os.Remove(path)
		if c.text != "" {
			change = os.WriteFile(path, []byte(c.text), 0o666)
		}
		if change != nil {
			t.Fatal(change)
		}
		_, err := OpenFolder(dir)
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.is)
			continue
		}
		for _, says := range append(c.says, dir) {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: got %v, want it to name %q", c.name, err, says)
			}
		}
	}
}
