package train

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

var interop = flag.String("interop", "", "a folder in which the tests leave checkpoints for scripts/interop_transformers.py")

// TestCheckpointIsAModelFolder: a checkpoint of a run, opened like anybody's model folder, is the network that was trained.
// Under -interop it leaves DIR/KIND, the folder, and DIR/KIND.logits.safetensors, what it computes.
func TestCheckpointIsAModelFolder(t *testing.T) {
	top := *interop
	if top == "" {
		top = t.TempDir()
	}
	for _, kind := range []norm.Kind{norm.RMSNorm, norm.DyT} {
		r, d := tiny(t)
		r.Train.Tokens /= 4
		r, err := r.WithNorm(kind)
		if err != nil {
			t.Fatal(err)
		}
		run := open(t, r, d, filepath.Join(t.TempDir(), "run"))
		if err := run.Train(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		written, err := Checkpoints(run.Dir())
		if err != nil || len(written) == 0 {
			t.Fatalf("%d checkpoints: %v", len(written), err)
		}
		dir := filepath.Join(top, string(kind))
		if err := os.Rename(written[len(written)-1], dir); err != nil {
			t.Fatal(err)
		}
		f, err := weights.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		m, err := llama.FromConfigJSON(f.Config)
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
		tokens := make([]int32, 2*m.Context)
		for i := range tokens {
			tokens[i] = int32(97*i) % int32(m.Vocab)
		}
		got, want := logits(t, store, m, tokens), logits(t, run.store, run.Model, tokens)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the folder's logits differ from those of the run that wrote it", kind)
		}
		if err := weights.WriteFile(dir+".logits.safetensors", []weights.Tensor{
			weights.FromInt32s("tokens", []int{2, m.Context}, tokens),
			weights.FromFloat32s("logits", []int{2, m.Context, m.Vocab}, got),
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// logits of tokens [2, T], without padding.
func logits(t *testing.T, store *model.Store, m part.Model, tokens []int32) []float32 {
	t.Helper()
	out := model.MustNewExec(testbackend.Get(t), store, m.Forward).MustCall1(tensors.FromFlatDataAndDimensions(tokens, 2, len(tokens)/2))
	return tensors.MustCopyFlatData[float32](out)
}
