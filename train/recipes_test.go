package train

import (
	"math"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
)

// TestEveryPresetIsWhole: its recipe checks, its network opens, so does its twin's, and its row says cost and result.
func TestEveryPresetIsWhole(t *testing.T) {
	for _, p := range Presets {
		r, err := Find(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		if r.Data.Source == "folder" || r.Data.Source == "image-folder" {
			if err := r.Check(); err == nil || !strings.Contains(err.Error(), "needs a path") {
				t.Errorf("%s: without a path: %v", p.Name, err)
			}
			r.Data.Path = "somewhere"
		}
		arch, err := zoo.Find(r.Model.Arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range arch.Norms() {
			twin, err := r.WithNorm(kind)
			if err != nil {
				t.Fatal(err)
			}
			if err := twin.Check(); err != nil {
				t.Errorf("%s %s: %v", p.Name, kind, err)
			}
			if _, err := twin.Open(); err != nil {
				t.Errorf("%s %s: %v", p.Name, kind, err)
			}
		}
		if p.Name != r.Preset || p.Note == "" || p.Cost == "" || p.Expect == "" || r.Norm.Kind != norm.DyT {
			t.Errorf("row %+v with preset %q and norm %s", p, r.Preset, r.Norm.Kind)
		}
	}
}

// TestPaperViT holds the schedule of ViT-B against the numbers of the paper: 300 epochs of 312 updates, 20 of warm-up.
func TestPaperViT(t *testing.T) {
	r, err := Find("vit-B")
	if err != nil {
		t.Fatal(err)
	}
	s := r.rate()
	if r.step() != 4096 || s.Steps != 93_600 || s.Warmup != 6240 {
		t.Errorf("batch %d, %d updates, %d of warm-up", r.step(), s.Steps, s.Warmup)
	}
	for step, want := range map[int]float64{0: 0, 6239: 4e-3, 6240: 4e-3, 93_600: 1e-6} {
		if got := s.At(step); math.Abs(got-want) > 1e-12 {
			t.Errorf("update %d: learning rate %g, expected %g", step, got, want)
		}
	}
}

// TestPaperLLaMA: 200 billion tokens, 4,194,304 in each update, 2000 updates of warm-up.
func TestPaperLLaMA(t *testing.T) {
	for name, lr := range map[string]float64{"llama-7B": 3e-4, "llama-13B": 3e-4, "llama-34B": 1.5e-4, "llama-70B": 1.5e-4} {
		r, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if s := r.rate(); r.step() != 4_194_304 || s.Steps != 47_683 || s.Warmup != 2000 || s.At(2000) > lr || s.At(2000) < 0.99*lr || math.Abs(s.At(s.Steps)-lr/10) > 1e-12 {
			t.Errorf("%s: %d tokens an update, schedule %+v", name, r.step(), s)
		}
	}
}
