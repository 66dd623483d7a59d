package data

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dyt-go/dyt/data/augment"
	"github.com/dyt-go/dyt/data/token"
)

func load(t *testing.T, c Config) *Dataset {
	t.Helper()
	d, err := Load(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenReadsEverySource(t *testing.T) {
	png := pngFile(t, "rgb")
	text := tree(t, map[string]string{"a.txt": strings.Repeat("some text ", 100), "b.txt": strings.Repeat("other text ", 50), "c.go": "package c"})
	pictures := tree(t, map[string]string{"train/a/1.png": png, "train/b/2.png": png, "train/b/3.png": png, "val/a/4.png": png, "val/b/5.png": png})
	flat := filepath.Join(pictures, "train")
	goTree := tree(t, map[string]string{"src/runtime/a.go": "package runtime\n" + strings.Repeat("// x\n", 50), "src/io/b.go": "package io\n" + strings.Repeat("// y\n", 50)})
	for _, c := range []Config{
		{Source: "goroot", Path: goTree, Context: 8, Val: 0.4},
		{Source: "sample", Context: 32, Val: 0.2},
		{Source: "file", Path: filepath.Join(text, "a.txt"), Context: 8},
		{Source: "file", Path: filepath.Join(text, "a.txt"), ValPath: filepath.Join(text, "b.txt"), Context: 8},
		{Source: "folder", Path: text, Context: 8, Extensions: []string{"txt"}},
		{Source: "folder", Path: text, ValPath: text, Context: 8, Tokenizer: "bpe", Vocab: 270},
		{Source: "image-folder", Path: pictures, Size: 16, Augment: PaperAugment()},
		{Source: "image-folder", Path: flat, Size: 16, Augment: LightAugment(), Val: 0.5},
		{Source: "image-folder", Path: flat, ValPath: filepath.Join(pictures, "val"), Size: 16},
	} {
		var seen [2]string
		for i := range seen {
			s, err := Open(t.Context(), c, Train, 2, 1)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			take(t, s, 4)
			seen[i] = s.Seen()
			if err := Close(s); err != nil {
				t.Error(err)
			}
		}
		if seen[0] != seen[1] {
			t.Errorf("%+v: two trails", c)
		}
		s, err := Open(t.Context(), c, Validation, 2, 1)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = s.Next()
		}
		if err != io.EOF || n < 2 {
			t.Errorf("%+v: %d validation batches, then %v", c, n-1, err)
		}
		Close(s)
	}
}

func TestDatasetDescribesItself(t *testing.T) {
	png := pngFile(t, "rgb")
	pictures := tree(t, map[string]string{"a/1.png": png, "b/2.png": png, "b/3.png": png})
	d := load(t, Config{Source: "image-folder", Path: pictures, Size: 16})
	if d.Classes() != 2 || d.Shape() != [3]int{3, 16, 16} || d.Len() != 2 || d.Images.Valid.Len() != 1 {
		t.Errorf("%d classes, shape %v, %d and %d images", d.Classes(), d.Shape(), d.Len(), d.Images.Valid.Len())
	}
	if _, err := d.Baselines(0); err == nil {
		t.Error("baselines of images")
	}
	s := load(t, Config{Source: "sample", Context: 16})
	if s.Classes() != 256 || s.Shape() != [3]int{} || s.Len() < 900_000 || len(s.ID()) != 64 || s.ID() == d.ID() {
		t.Errorf("%d classes, shape %v, %d tokens, ID %s", s.Classes(), s.Shape(), s.Len(), s.ID())
	}
	if b, err := s.Baselines(0); err != nil || b.Order[0] < 4 || b.Order[0] > 6 || b.Order[2] > b.Order[1] {
		t.Errorf("baselines %+v, %v", b, err)
	}
}

// A learned tokenizer goes into the run folder; the run that resumes reads it from there and has the same data.
func TestTokenizerTravelsThroughTheRunFolder(t *testing.T) {
	file := filepath.Join(tree(t, map[string]string{"a": strings.Repeat("the cat sat on the mat. ", 60)}), "a")
	c := Config{Source: "file", Path: file, Context: 8, Tokenizer: "bpe", Vocab: 270}
	learnedHere := load(t, c)
	run := t.TempDir()
	if err := token.Save(learnedHere.Tokenizer, run); err != nil {
		t.Fatal(err)
	}
	c.Tokenizer = run
	again := load(t, c)
	if a, b := learnedHere.Text.Train.SHA256(), again.Text.Train.SHA256(); a != b || again.Classes() != learnedHere.Classes() {
		t.Errorf("tokens %s before, %s after", a, b)
	}
}

func TestValidationOfAFolderNumbersClassesLikeTraining(t *testing.T) {
	png := pngFile(t, "rgb")
	for _, wrong := range []string{"val/b/3.png", "val/b/3.png val/c/4.png", "val/a/3.png val/b/4.png val/c/5.png"} {
		files := map[string]string{"train/a/1.png": png, "train/b/2.png": png}
		for name := range strings.FieldsSeq(wrong) {
			files[name] = png
		}
		_, err := Load(t.Context(), Config{Source: "image-folder", Path: tree(t, files)})
		if err == nil || !strings.Contains(err.Error(), `expected those of the training folder, ["a" "b"]`) {
			t.Errorf("training on a and b, validation on %s: got %v", wrong, err)
		}
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	for want, c := range map[string]Config{
		`source is "gorot" (did you mean "goroot"?), expected goroot, sample`: {Source: "gorot"},
		"source file needs a path":            {Source: "file", Context: 1},
		"val is 1.5":                          {Source: "sample", Context: 1, Val: 1.5},
		"context is 0":                        {Source: "sample"},
		"vocab is 100":                        {Source: "sample", Context: 1, Vocab: 100},
		"augment is for images":               {Source: "sample", Context: 1, Augment: LightAugment()},
		"val_tokens is -1":                    {Source: "sample", Context: 1, ValTokens: -1},
		"val_path: source sample has its own": {Source: "sample", Context: 1, ValPath: "x"},
		"both val 0.1 and val_path x":         {Source: "file", Path: "y", Context: 1, Val: 0.1, ValPath: "x"},
		"size is -1":                          {Source: "cifar10", Size: -1},
		"workers is -1":                       {Source: "cifar10", Workers: -1},
		"flip is 2":                           {Source: "cifar10", Augment: Augment{Flip: 2}},
		"crop.scale is 1.5 to 1":              {Source: "cifar10", Augment: Augment{Crop: 1.5}},
		"rand.magnitude is 11":                {Source: "cifar10", Augment: Augment{Rand: 11}},
		"jitter is -1":                        {Source: "cifar10", Augment: Augment{Jitter: -1}},
		"erase.prob is 3":                     {Source: "cifar10", Augment: Augment{Erase: 3}},
		"cutmix is 2":                         {Source: "cifar10", Augment: Augment{Cutmix: 2}},
		"smoothing is -0.1":                   {Source: "cifar10", Augment: Augment{Smoothing: -0.1}},
		"token: open: stat no-such-file":      {Source: "sample", Context: 8, Tokenizer: "no-such-file"},
		"training part: 1001 tokens: expected at least": {Source: "file", Path: "long", Context: 5000},
	} {
		if c.Path == "long" {
			c.Path = filepath.Join(tree(t, map[string]string{"f": strings.Repeat("1234567890", 111)}), "f")
		}
		if _, err := Open(t.Context(), c, Train, 1, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected an error with %q", err, want)
		}
	}
}

func TestConfigHasTheNamesOfConfigYAML(t *testing.T) {
	const text = `{source: goroot, val: 0.1, tokenizer: bytes, context: 128, augment: {rand: 9, mixup: 0.8}}`
	var c Config
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if c.Source != "goroot" || c.Val != 0.1 || c.Context != 128 || c.Augment.Rand != 9 || c.Augment.Mixup != 0.8 {
		t.Errorf("got %+v", c)
	}
}

// The recipe's numbers become the pipelines of the augment package, which are checked against timm.
func TestPaperAugmentIsThePaperPipeline(t *testing.T) {
	png := pngFile(t, "rgb")
	d := load(t, Config{Source: "image-folder", Path: tree(t, map[string]string{"a/1.png": png, "b/2.png": png}), Augment: PaperAugment()})
	if !reflect.DeepEqual(d.pipes.train, augment.PaperTrain()) || !reflect.DeepEqual(d.pipes.valid, augment.PaperEval()) || d.pipes.mix != augment.PaperMix() {
		t.Errorf("got %+v, %+v, %+v", d.pipes.train, d.pipes.valid, d.pipes.mix)
	}
}

// Where go is not to be found, the sample is taken and says why.
func TestGoSourceFallsBackToTheSample(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	d := load(t, Config{Source: "goroot", Context: 16})
	if d.Corpus.From != "embedded sample" || !strings.Contains(d.Corpus.Note, "go env GOROOT") {
		t.Errorf("from %q, note %q", d.Corpus.From, d.Corpus.Note)
	}
}

func TestTinyShakespeareComesFromItsFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(t.Context(), Config{Source: "tinyshakespeare", Path: dir, Context: 8}); err == nil || !strings.Contains(err.Error(), "dyt get tinyshakespeare") {
		t.Errorf("missing: got %v", err)
	}
	set, _ := SetByName("tinyshakespeare")
	text := strings.Repeat("To be, or not. ", 1+int(set.Size())/15)[:set.Size()]
	if err := os.WriteFile(filepath.Join(dir, set.Files()[0].Name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	d := load(t, Config{Source: "tinyshakespeare", Path: dir, Context: 8})
	if got := len(slices.Concat(d.Corpus.Train, d.Corpus.Valid)[0].Text); got != 1003854 {
		t.Errorf("training part of %d bytes", got)
	}
}

// TestTheLineCountsWhatWasRead: a file that was cut in two is one file, and so is one that is judged whole.
func TestTheLineCountsWhatWasRead(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": strings.Repeat("one line\n", 10), "b/c.txt": "another file\n"})
	a, b := filepath.Join(dir, "a.txt"), filepath.Join(dir, "b", "c.txt")
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Source: "file", Path: a}, "1 file, 90 bytes"},
		{Config{Source: "file", Path: b, ValPath: b}, "1 file, 13 bytes"},
		{Config{Source: "file", Path: a, ValPath: b}, "2 files, 103 bytes"},
		{Config{Source: "folder", Path: dir, ValPath: dir}, "2 files, 103 bytes"},
		{Config{Source: "folder", Path: dir}, "2 files, 103 bytes"},
	} {
		c.config.Context = 2
		if line := load(t, c.config).String(); !strings.Contains(line, c.want) {
			t.Errorf("%+v: %q, expected %q", c.config, line, c.want)
		}
	}
}
