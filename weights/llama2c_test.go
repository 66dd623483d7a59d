package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

// llama2cFile writes a file with this header and n floats 0, 1, 2, ...
func llama2cFile(t *testing.T, header [7]int32, n int) string {
	t.Helper()
	var b []byte
	for _, v := range header {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	path := filepath.Join(t.TempDir(), "model.bin")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLlama2CLayout reads an untied model whose every float is its own position in the file.
func TestLlama2CLayout(t *testing.T) {
	// dim 8, hidden 3, layers 2, heads 4, kv heads 2, vocab 5 untied, seq 6: head size 2, kv size 4
	const floats = 5*8 + 2*8 + 2*64 + 2*32 + 2*32 + 2*64 + 2*8 + 2*24 + 2*24 + 2*24 + 8 + 2*6 + 5*8
	f, config, err := OpenLlama2C(llama2cFile(t, [7]int32{8, 3, 2, 4, 2, -5, 6}, floats))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := (Llama2C{8, 3, 2, 4, 2, 5, 6, false, "interleaved", 10000, 1e-5}); config != want {
		t.Errorf("got %+v, want %+v", config, want)
	}
	for _, c := range []struct {
		name  string
		shape []int
		first float32
	}{
		{"model.embed_tokens.weight", []int{5, 8}, 0},
		{"model.layers.0.input_layernorm.weight", []int{8}, 40},
		{"model.layers.1.input_layernorm.weight", []int{8}, 48},
		{"model.layers.0.self_attn.q_proj.weight", []int{8, 8}, 56},
		{"model.layers.1.self_attn.q_proj.weight", []int{8, 8}, 120},
		{"model.layers.0.self_attn.k_proj.weight", []int{4, 8}, 184},
		{"model.layers.0.self_attn.v_proj.weight", []int{4, 8}, 248},
		{"model.layers.1.self_attn.v_proj.weight", []int{4, 8}, 280},
		{"model.layers.0.self_attn.o_proj.weight", []int{8, 8}, 312},
		{"model.layers.0.post_attention_layernorm.weight", []int{8}, 440},
		{"model.layers.0.mlp.gate_proj.weight", []int{3, 8}, 456},
		{"model.layers.0.mlp.down_proj.weight", []int{8, 3}, 504},
		{"model.layers.1.mlp.up_proj.weight", []int{3, 8}, 576},
		{"model.norm.weight", []int{8}, 600},
		{"lm_head.weight", []int{5, 8}, 608 + 12},
	} {
		tensor, err := f.Tensor(c.name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := tensor.Float32s()
		if err != nil || !reflect.DeepEqual(tensor.Shape, c.shape) || v[0] != c.first || v[len(v)-1] != c.first+float32(len(v)-1) {
			t.Errorf("%s: %v from %v to %v (%v), want %v from %v", c.name, tensor.Shape, v[0], v[len(v)-1], err, c.shape, c.first)
		}
	}
	if n := len(f.Infos()); n != 3+2*9 {
		t.Errorf("%d tensors, want 21", n)
	}
}

func TestLlama2CRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		header [7]int32
		floats int
		says   string
	}{
		{"truncated", [7]int32{8, 3, 2, 4, 2, 5, 6}, 619, "asks for a file of 2508 bytes, it has 2504"},
		{"too long", [7]int32{8, 3, 2, 4, 2, 5, 6}, 621, "asks for a file of 2508 bytes, it has 2512"},
		{"all numbers at their largest", [7]int32{math.MaxInt32 - 1, math.MaxInt32, math.MaxInt32, 1, 1, math.MaxInt32, math.MaxInt32}, 1, "asks for a file of"},
		{"many layers", [7]int32{2, 1, math.MaxInt32, 1, 1, 1, 1}, 1, "asks for a file of"},
		{"smallest vocabulary", [7]int32{2, 1, 1, 1, 1, math.MinInt32, 1}, 1, "asks for a file of"},
		{"zero layers", [7]int32{8, 3, 0, 4, 2, 5, 6}, 1, "seven positive numbers"},
		{"zero heads", [7]int32{8, 3, 2, 0, 2, 5, 6}, 1, "seven positive numbers"},
		{"negative dim", [7]int32{-8, 3, 2, 4, 2, 5, 6}, 1, "seven positive numbers"},
		{"odd head", [7]int32{9, 3, 2, 3, 3, 5, 6}, 1, "dim 9 to be a multiple of 2 x 3 heads"},
		{"heads and kv heads", [7]int32{24, 3, 2, 4, 3, 5, 6}, 1, "4 heads of 3 key-value heads"},
		{"newer version", [7]int32{llama2cMagic, 2, 2, 4, 3, 5, 6}, 1, "version 2"},
	} {
		path := llama2cFile(t, c.header, c.floats)
		var err error
		cost := allocated(func() { _, _, err = OpenLlama2C(path) })
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want the path and %q", c.name, err, c.says)
		}
		if cost > 64<<10 {
			t.Errorf("%s: refusing allocated %d bytes", c.name, cost)
		}
	}
	short := filepath.Join(t.TempDir(), "short.bin")
	if err := os.WriteFile(short, make([]byte, 27), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenLlama2C(short); err == nil || !strings.Contains(err.Error(), "header of 28 bytes, the file has 27") {
		t.Errorf("short: got %v", err)
	}
	if _, _, err := OpenLlama2C(short + "x"); !os.IsNotExist(err) && !strings.Contains(fmt.Sprint(err), "no such file") {
		t.Errorf("missing: got %v", err)
	}
}

// TestStories260K reads a real checkpoint.
func TestStories260K(t *testing.T) {
	path := sampledata.Path(t, "model-stories260k/stories260K.bin")
	f, config, err := OpenLlama2C(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := (Llama2C{64, 172, 5, 8, 4, 512, 512, true, RoPEInterleaved, 10000, 1e-5}); config != want {
		t.Errorf("got %+v, want %+v", config, want)
	}
	parameters := 0
	for _, info := range f.Infos() {
		parameters += info.Len()
		tensor, err := f.Tensor(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		if rms := rootMeanSquare(v); !(rms > 1e-3 && rms < 10) {
			t.Errorf("%s: root mean square %v: not a trained weight", info, rms)
		}
	}
	if parameters != 260032 || len(f.Infos()) != 2+9*5 {
		t.Errorf("%d parameters in %d tensors, want 260032 in 47", parameters, len(f.Infos()))
	}
	if _, ok := f.Info("lm_head.weight"); ok {
		t.Error("a shared head has no tensor of its own")
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.bin")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenLlama2C(cut); err == nil || !strings.Contains(err.Error(), "asks for a file of 1056540 bytes, it has 528270") {
		t.Errorf("truncated: got %v", err)
	}
}

func rootMeanSquare(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum / float64(len(v)))
}
