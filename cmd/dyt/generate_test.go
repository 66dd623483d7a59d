package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// generated runs `dyt generate` and returns its exit code, its answer and what it says on standard error.
func generated(t *testing.T, args ...string) (code int, answer generateAnswer, said string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(context.Background(), append([]string{"generate", "--json"}, args...), &out, &errs)
	if code == conf.ExitOK {
		if err := json.Unmarshal([]byte(out.String()), &answer); err != nil {
			t.Fatalf("%v: %q: %v", args, out.String(), err)
		}
	}
	return code, answer, errs.String()
}

// trainedRun trains the 0.1M LLaMA with DyT for a few updates and returns the run's folder.
func trainedRun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	trainUpdates(t, testbackend.Get(t), 4, dir, nil)
	return dir
}

// trainUpdates trains the 0.1M LLaMA with DyT for so many updates of four short windows, into dir.
func trainUpdates(t *testing.T, backend compute.Backend, updates int64, dir string, watch func(train.Metrics)) {
	t.Helper()
	r, err := train.Find("llama-0.1M")
	if err != nil {
		t.Fatal(err)
	}
	r.Data.Source, r.Data.Context, r.Data.ValTokens = "sample", 16, 256
	r.Train.Tokens, r.Train.Batch = updates*4*16, 4
	d, err := data.Load(context.Background(), r.Data)
	if err != nil {
		t.Fatal(err)
	}
	run, err := train.Open(backend, r, d, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if err := run.Train(context.Background(), watch); err != nil {
		t.Fatal(err)
	}
}

// likeliest continues a prompt with the obvious loop: the whole text at each token, on the plain backend.
func likeliest(t *testing.T, checkpoint, prompt string, n int) []int32 {
	t.Helper()
	f, err := weights.OpenFolder(checkpoint)
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
	if err := train.Load(store, f); err != nil {
		t.Fatal(err)
	}
	text, err := sample.NewText(testbackend.Get(t), store, m)
	if err != nil {
		t.Fatal(err)
	}
	ids := []int32{0}
	for _, b := range []byte(prompt) {
		ids = append(ids, int32(b))
	}
	for range n {
		logits, err := text.Logits(ids)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, int32(slices.Index(logits, slices.Max(logits))))
	}
	return ids[len(ids)-n:]
}

// TestGenerateEndsWhereTheFolderSays: at a token that its generation_config.json calls an end.
func TestGenerateEndsWhereTheFolderSays(t *testing.T) {
	from, err := train.ModelFolder(trainedRun(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := errors.Join(os.CopyFS(dir, os.DirFS(from)), os.Remove(filepath.Join(dir, "COMPLETE"))); err != nil {
		t.Fatal(err)
	}
	_, whole, _ := generated(t, dir, "--prompt", "func ", "--tokens", "20")
	if len(whole.Tokens) != 20 {
		t.Fatalf("tokens %v, expected 20", whole.Tokens)
	}
	end := whole.Tokens[19]
	want := whole.Tokens[:slices.Index(whole.Tokens, end)]
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), fmt.Appendf(nil, `{"eos_token_id": [%d, 0]}`, end), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, got, said := generated(t, dir, "--prompt", "func ", "--tokens", "20"); code != conf.ExitOK || !slices.Equal(got.Tokens, want) {
		t.Errorf("exit code %d, tokens %v, expected %v; %s", code, got.Tokens, want, said)
	}
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"eos_token_id": "end"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, said := generated(t, dir); code != conf.ExitInput || !strings.Contains(said, "generation_config.json: eos_token_id") {
		t.Errorf("exit code %d; %s", code, said)
	}
}

// TestGenerateFromARun: the folder of a run and its checkpoint give the tokens of the obvious loop.
func TestGenerateFromARun(t *testing.T) {
	dir := trainedRun(t)
	checkpoints, err := train.Checkpoints(dir)
	if err != nil || len(checkpoints) == 0 {
		t.Fatalf("%d checkpoints: %v", len(checkpoints), err)
	}
	newest := checkpoints[len(checkpoints)-1]
	want := likeliest(t, newest, "func ", 20)
	for _, path := range []string{dir, newest} {
		code, answer, said := generated(t, path, "--prompt", "func ", "--tokens", "20")
		if code != conf.ExitOK || !slices.Equal(answer.Tokens, want) {
			t.Errorf("%s: exit code %d, tokens %v, expected %v; %s", path, code, answer.Tokens, want, said)
		}
	}
}

// TestGenerateRefusesModelsThatItCannotRun: another architecture, a picture's one, an unknown norm: exit code 4, and the
// message names the folder and what was found.
func TestGenerateRefusesModelsThatItCannotRun(t *testing.T) {
	vit, err := zoo.Find("vit")
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := vit.Default("test", "dyt")
	if err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]any{
		`model_type "mistral"`:   map[string]any{"model_type": "mistral", "architectures": []string{"MistralForCausalLM"}},
		"vit reads no text":      pictures.ConfigJSON(),
		"hidden_act":             map[string]any{"model_type": "llama", "hidden_act": "gelu"},
		`kind "batchnorm" is un`: map[string]any{"model_type": "dyt_llama", "vocab_size": 8, "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 4, "norm": map[string]any{"kind": "batchnorm"}},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		if err := weights.WriteFolder(dir, weights.Contents{Config: config}); err != nil {
			t.Fatal(err)
		}
		code, _, said := generated(t, dir)
		if code != conf.ExitUnsupported || !strings.Contains(said, want) || !strings.Contains(said, dir) {
			t.Errorf("exit code %d and %q, expected 4, the folder and %q", code, said, want)
		}
	}
}

// TestGenerateRefusesWeightsThatDoNotFit: config.json promises what model.safetensors does not hold.
func TestGenerateRefusesWeightsThatDoNotFit(t *testing.T) {
	n, err := llama.DefaultNorm("0.1M", "dyt")
	if err != nil {
		t.Fatal(err)
	}
	m, err := llama.Open("0.1M", n)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := weights.WriteFolder(dir, weights.Contents{Config: m.ConfigJSON()}); err != nil {
		t.Fatal(err)
	}
	if code, _, said := generated(t, dir); code != conf.ExitInput || !strings.Contains(said, "embed_tokens") {
		t.Errorf("exit code %d and %q, expected 3 and the first tensor that is missing", code, said)
	}
}
