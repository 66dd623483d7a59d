package train

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

var interop = flag.String("interop", "", "a folder in which the tests leave checkpoints for scripts/interop_*.py")

// TestCheckpointIsAModelFolder: a checkpoint of a run, opened like anybody's model folder, is the network that was trained.
// Under -interop it leaves DIR/ARCH/KIND, the folder, and DIR/ARCH/KIND.logits.safetensors, what it reads and computes.
func TestCheckpointIsAModelFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("four runs on the plain backend take two seconds")
	}
	top := *interop
	if top == "" {
		top = t.TempDir()
	}
	for _, c := range []struct {
		recipe func(testing.TB) (Recipe, *data.Dataset)
		input  func(part.Model) weights.Tensor
	}{{tiny, someTokens}, {tinyImages, someImages}} {
		r, d := c.recipe(t)
		r.Train.Tokens /= 4
		arch, err := zoo.Find(r.Model.Arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []norm.Kind{arch.Baseline, norm.DyT} {
			twin, err := r.WithNorm(kind)
			if err != nil {
				t.Fatal(err)
			}
			checkFolder(t, twin, d, filepath.Join(top, arch.Name, string(kind)), c.input)
		}
	}
}

// checkFolder trains r, moves its checkpoint to dir, and compares what a reader of dir computes with what the run does.
func checkFolder(t *testing.T, r Recipe, d *data.Dataset, dir string, input func(part.Model) weights.Tensor) {
	t.Helper()
	run := open(t, r, d, filepath.Join(t.TempDir(), "run"))
	if err := run.Train(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	written, err := Checkpoints(run.Dir())
	if err != nil || len(written) == 0 {
		t.Fatalf("%d checkpoints: %v", len(written), err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(dir), 0o777), os.Rename(written[len(written)-1], dir)); err != nil {
		t.Fatal(err)
	}
	f, err := weights.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := zoo.FromConfigJSON(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := part.Trace(testbackend.Get(t), store, m); err != nil {
		t.Fatal(err)
	}
	if err := Load(store, f); err != nil {
		t.Fatal(err)
	}
	in := input(m)
	got, want := logits(t, store, m, in), logits(t, run.store, run.Model, in)
	if !slices.Equal(got.Data, want.Data) {
		t.Errorf("%s: the folder's logits differ from those of the run that wrote it", dir)
	}
	if err := weights.WriteFile(dir+".logits.safetensors", []weights.Tensor{in, got}, nil); err != nil {
		t.Fatal(err)
	}
}

func someTokens(m part.Model) weights.Tensor {
	shape := m.Inputs(2)[0].Dimensions // [2, T], without padding
	tokens := make([]int32, shape[0]*shape[1])
	for i := range tokens {
		tokens[i] = int32(97*i) % int32(m.Classes())
	}
	return weights.FromInt32s("tokens", shape, tokens)
}

func someImages(m part.Model) weights.Tensor {
	shape := m.Inputs(2)[0].Dimensions // [2, C, S, S]
	pixels := make([]float32, m.Inputs(2)[0].Size())
	for i := range pixels {
		pixels[i] = float32(math.Sin(float64(i)))
	}
	return weights.FromFloat32s("images", shape, pixels)
}

// logits is what m makes of an input.
func logits(t *testing.T, store *model.Store, m part.Model, in weights.Tensor) weights.Tensor {
	t.Helper()
	var x *tensors.Tensor
	if in.DType == weights.I32 {
		v, err := in.Int32s()
		if err != nil {
			t.Fatal(err)
		}
		x = tensors.FromFlatDataAndDimensions(v, in.Shape...)
	} else {
		v, err := in.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		x = tensors.FromFlatDataAndDimensions(v, in.Shape...)
	}
	out := model.MustNewExec(testbackend.Get(t), store, m.Forward).MustCall1(x)
	return weights.FromFloat32s("logits", out.Shape().Dimensions, tensors.MustCopyFlatData[float32](out))
}
