package examples

import (
	"context"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var binaries string // folder of the built examples

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "examples"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(binaries)
	os.Exit(code)
}

// build makes an example as a user would, without cgo, once.
func build(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(binaries, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.Command("go", "build", "-o", path, "./"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./examples/%s: %v\n%s", name, err, out)
	}
	return path
}

// run returns what an example prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t, name), args...)
	cmd.Dir = t.TempDir() // nothing of the repository is at hand
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

var bitsPerByte = regexp.MustCompile(`step +\d+ +([0-9.]+) bits per byte`)

func TestLayerLearns(t *testing.T) {
	for _, norm := range []string{"dyt", "layernorm"} {
		var bits []float64
		for _, m := range bitsPerByte.FindAllStringSubmatch(run(t, "layer", "-norm", norm, "-steps", "100"), -1) {
			value, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			bits = append(bits, value)
		}
		// From 8 bits, the uniform guess, or worse, to below the 5.7 that a hundred updates reach with a small margin.
		if len(bits) != 3 || bits[0] < 7 || bits[2] > 5.9 {
			t.Errorf("%s: %v bits per byte, expected about 8 falling below 5.9", norm, bits)
		}
	}
}

func TestTwinsStopAndGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program and trains four networks")
	}
	dir := filepath.Join(t.TempDir(), "twins")
	if out := run(t, "twins", "-dir", dir, "-steps", "40", "-limit", "1ms"); !strings.Contains(out, "start again to go on") {
		t.Errorf("after a millisecond: %s", out)
	}
	out := run(t, "twins", "-dir", dir, "-steps", "40")
	for _, want := range []string{"seed 1", "seed 2", "DyT", "95 % interval"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestEmbeddedModelSpeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program of its own")
	}
	const prompt = "func "
	out := run(t, "embedded", "-prompt", prompt, "-tokens", "40")
	if !strings.HasPrefix(out, prompt) || len(out) < len(prompt)+40 {
		t.Errorf("got %q", out)
	}
	if again := run(t, "embedded", "-prompt", prompt, "-tokens", "40"); again != out {
		t.Errorf("the same seed says %q and %q", out, again)
	}
	if other := run(t, "embedded", "-prompt", "type ", "-tokens", "40"); strings.TrimPrefix(other, "type ") == strings.TrimPrefix(out, prompt) {
		t.Error("the prompt changes nothing")
	}
}
