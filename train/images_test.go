package train

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
)

// stripes makes a folder of pictures of 16 x 16 pixels whose classes are the direction of their stripes.
func stripes(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"train", "val"} {
		for class, name := range []string{"across", "down"} {
			if err := os.MkdirAll(filepath.Join(dir, part, name), 0o777); err != nil {
				t.Fatal(err)
			}
			for i := range 24 {
				m := image.NewRGBA(image.Rect(0, 0, 16, 16))
				for y := range 16 {
					for x := range 16 {
						at := [2]int{y, x}[class] + i
						m.Set(x, y, color.RGBA{uint8(at / 2 % 2 * 255), uint8(8 * i), 100, 255})
					}
				}
				f, err := os.Create(filepath.Join(dir, part, name, fmt.Sprintf("%02d.png", i)))
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(png.Encode(f, m), f.Close()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dir
}

// tinyImages is a run of the test ViT with everything that a vision recipe has: drop path, mixing, smoothing, an average
// of the weights, a decay that rises.
func tinyImages(t testing.TB) (Recipe, *data.Dataset) {
	t.Helper()
	r := Default()
	r.Model = Model{Arch: "vit", Variant: "test", Classes: 2, DropPath: 0.2}
	r, err := r.WithNorm(norm.DyT)
	if err != nil {
		t.Fatal(err)
	}
	r.Data = data.Config{Source: "image-folder", Path: stripes(t), Size: 16, Augment: data.Augment{Flip: 0.5, Mixup: 0.8, Cutmix: 1, Smoothing: 0.1}}
	r.Train = Budget{Tokens: 24 * 8, Batch: 8, Accumulate: 1, Precision: "f32", Seed: 3, Log: 2, Eval: 12}
	r.Optim.EMA, r.Optim.Decay, r.Optim.DecayEnd, r.Optim.DecaySchedule = 0.9, 0.01, 0.1, cosine
	r.Save = Save{Every: 5, Keep: 2}
	d, err := data.Load(context.Background(), r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

// TestImagesAreLearned: stripes across or down, after 96 updates, without a mistake.
func TestImagesAreLearned(t *testing.T) {
	if testing.Short() {
		t.Skip("96 updates on the plain backend take three seconds")
	}
	r, d := tinyImages(t)
	r.Data.Augment, r.Model.DropPath = data.Augment{}, 0
	r.Train.Tokens = 96 * 8
	d, err := data.Load(context.Background(), r.Data)
	if err != nil {
		t.Fatal(err)
	}
	run := open(t, r, d, "")
	finalHash(t, run)
	if s := run.Summary(); s.ValTop1 < 0.99 || s.Measure() != 1-s.ValTop1 || s.ValBPB != 0 || s.Tokens != 96*8 {
		t.Errorf("summary %+v", s)
	}
}

// TestResumeOfImagesIsBitIdentical stops a run with drop path and mixing in the middle of an epoch.
func TestResumeOfImagesIsBitIdentical(t *testing.T) {
	if testing.Short() {
		t.Skip("six runs on the plain backend; TestResumeIsBitIdentical stays")
	}
	r, d := tinyImages(t)
	want := finalHash(t, open(t, r, d, ""))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	err := open(t, r, d, dir).Train(ctx, func(m Metrics) {
		if m.Step == 13 {
			cancel()
		}
	})
	var interrupted *Interrupted
	if !errors.As(err, &interrupted) {
		t.Fatalf("stopped with %v", err)
	}
	again := open(t, r, d, dir)
	if got := finalHash(t, again); got != want {
		t.Errorf("ended with %s, never stopped %s", got, want)
	}
}

// TestAverageIsEvaluatedAlongside holds the moving average's score against that of a network which reads it from the
// checkpoint as its weights, and checks that the evaluation left the weights alone.
func TestAverageIsEvaluatedAlongside(t *testing.T) {
	if testing.Short() {
		t.Skip("a run of images on the plain backend takes a second")
	}
	r, d := tinyImages(t)
	run := open(t, r, d, t.TempDir())
	finalHash(t, run)
	before, err := run.InitHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	last := run.lines[len(run.lines)-1]
	if last.EMALoss == nil || last.EMATop1 == nil || *last.EMALoss == *last.EvalLoss {
		t.Fatalf("last line %+v", last)
	}
	checkpoints, err := Checkpoints(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	average, err := weights.OpenFolder(filepath.Join(checkpoints[len(checkpoints)-1], averageFolder))
	if err != nil {
		t.Fatal(err)
	}
	defer average.Close()
	other := open(t, r, d, "")
	if err := Load(other.store, average); err != nil {
		t.Fatal(err)
	}
	s, err := other.pass()
	if err != nil {
		t.Fatal(err)
	}
	if s.Loss != *last.EMALoss || s.Top1 != *last.EMATop1 {
		t.Errorf("the average scored %g, %g; as weights it scores %g, %g", *last.EMALoss, *last.EMATop1, s.Loss, s.Top1)
	}
	if after, err := run.InitHash(nil); err != nil || after != before {
		t.Errorf("evaluating the average changed the weights (%v)", err)
	}
}

// TestDecayFollowsItsSchedule: a cosine from decay to decay_end, without warm-up.
func TestDecayFollowsItsSchedule(t *testing.T) {
	r, _ := tinyImages(t)
	s := r.decay()
	for step, want := range map[int]float64{0: 0.01, 12: 0.055, 24: 0.1} {
		if got := s.At(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("step %d: decay %g, expected %g", step, got, want)
		}
	}
	r.Optim.DecaySchedule = constant
	if got := r.decay().At(20); got != 0.01 {
		t.Errorf("constant decay is %g", got)
	}
}

func TestDataMustFitTheModel(t *testing.T) {
	for says, change := range map[string]func(r *Recipe){
		"set model.classes to 2": func(r *Recipe) { r.Model.Classes = 0 },
		"set data.size":          func(r *Recipe) { r.Data.Size = 32 },
		"another source":         func(r *Recipe) { r.Model = Model{Arch: "llama", Variant: "test"} },
	} {
		r, _ := tinyImages(t)
		change(&r)
		d, err := data.Load(context.Background(), r.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(testbackend.Get(t), r, d, ""); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("expected an error that says %q, got %v", says, err)
		}
	}
	r, d := tiny(t)
	r.Model.Classes = 100
	if _, err := Open(testbackend.Get(t), r, d, ""); err == nil || !strings.Contains(err.Error(), "set model.classes to 256") {
		t.Errorf("a vocabulary that is too small gave %v", err)
	}
}

// TestPrecisionAndRemat: in bf16 the same run ends within the noise of a rounding to 8 bits, and gradient checkpointing
// changes no bit of it.
func TestPrecisionAndRemat(t *testing.T) {
	if testing.Short() {
		t.Skip("three runs on the plain backend take a second")
	}
	r, d := tiny(t)
	plain := open(t, r, d, "")
	want := finalHash(t, plain)
	r.Train.Remat = true
	if got := finalHash(t, open(t, r, d, "")); got != want {
		t.Errorf("gradient checkpointing ended with %s, without it %s", got, want)
	}
	r.Train.Precision = "bf16"
	half := open(t, r, d, "")
	if got := finalHash(t, half); got == want {
		t.Error("bf16 ended with the bits of f32")
	}
	if a, b := plain.Summary().Loss, half.Summary().Loss; math.Abs(a-b) > 0.02*a {
		t.Errorf("training loss %g in f32 and %g in bf16", a, b)
	}
}

// TestTwinsOfImages compares ViTs: the same start wherever both have one, the same batches, nothing beside the norm; the
// measure is the share of wrong predictions, and the report counts images.
func TestTwinsOfImages(t *testing.T) {
	r, d := tinyImages(t)
	r.Train.Tokens = 6 * 8
	baseline, err := r.WithNorm(norm.LayerNorm)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Twins{Baseline: baseline, Candidate: r, Seeds: []uint64{3}}.Run(context.Background(), testbackend.Get(t), d, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Pairs[0]
	if p.Shared != 32 || len(c.Extras) != 0 || p.Candidate.Params != p.Baseline.Params+5 {
		t.Errorf("%d shared tensors, %d and %d parameters, also different %v", p.Shared, p.Baseline.Params, p.Candidate.Params, c.Extras)
	}
	if diff := p.Baseline.ValTop1 - p.Candidate.ValTop1; c.Diffs[0] != (1-p.Candidate.ValTop1)-(1-p.Baseline.ValTop1) {
		t.Errorf("difference %g, top-1 differs by %g", c.Diffs[0], diff)
	}
	if s := c.Study(); s.Unit != "images" || s.Contract[0].Name != "images" || !strings.Contains(s.Measure.Unit, "wrong") {
		t.Errorf("unit %q, first fact %+v, measure %+v", s.Unit, s.Contract[0], s.Measure)
	}
}
