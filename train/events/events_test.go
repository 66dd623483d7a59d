package events

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/golden"
)

// clock starts at 1,700,000,000.25 seconds and goes half a second further at each look.
func clock() func() time.Time {
	t := time.UnixMicro(1_700_000_000_250_000)
	return func() time.Time {
		now := t
		t = t.Add(time.Second / 2)
		return now
	}
}

// everyCall is the same story as in scripts/oracle/events.py.
func everyCall(dir string) (*Writer, error) {
	w, err := New(dir, clock())
	if err != nil {
		return nil, err
	}
	return w, errors.Join(
		w.Text(0, "config", "# Recipe\n\nnorm: `dyt`, α₀ = 0.8\n"),
		w.Scalar(1, "loss", 0.1),
		w.Scalar(300, "eval/loss", -2.5),
		w.Scalar(1<<40, strings.Repeat("x", 200), 0),
		w.Scalar(301, "loss", math.Inf(1)),
		w.Restart(200),
		w.Scalar(200, "loss", 3),
		w.Close())
}

func TestFileEqualsTensorBoardsOwn(t *testing.T) {
	w, err := everyCall(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Base(w.Path()); name != "events.out.tfevents.1700000000.dyt" {
		t.Errorf("file name %s", name)
	}
	got, err := os.ReadFile(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	want := golden.Load(t, "events", "every_call").Tensor("file").Data
	if !slices.Equal(got, want) {
		t.Errorf("got %d bytes, want %d:\n% x\n% x", len(got), len(want), got, want)
	}
}

func TestFilesOfOneSecondHaveTheirOwnNames(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"events.out.tfevents.1700000000.dyt", "events.out.tfevents.1700000000.dyt.1", "events.out.tfevents.1700000000.dyt.2"} {
		w, err := New(dir, clock())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if got := filepath.Base(w.Path()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEachEventIsInTheFileAtOnce(t *testing.T) {
	w, err := New(t.TempDir(), clock())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range 3 {
		if err := w.Scalar(int64(i), "loss", 1); err != nil {
			t.Fatal(err)
		}
		if stat, err := os.Stat(w.Path()); err != nil || stat.Size() != w.size {
			t.Errorf("after event %d: %d bytes, want %d (%v)", i, stat.Size(), w.size, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := New(t.TempDir(), clock())
	if err != nil {
		t.Fatal(err)
	}
	before := w.size
	for want, err := range map[string]error{
		`events: tag "": expected`:         w.Scalar(1, "", 1),
		`events: tag "\xff": expected`:     w.Text(1, "\xff", ""),
		`events: text "a": expected UTF-8`: w.Text(1, "a", "\xff"),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if w.size != before {
		t.Error("a refused value was written")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	first := w.Scalar(1, "loss", 1)
	if second := w.Scalar(2, "loss", 1); !errors.Is(first, fs.ErrClosed) || first != second {
		t.Errorf("after Close: got %v, then %v; want ErrClosed twice", first, second)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := New(filepath.Join(file, "events"), clock()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder inside a file: got %v, want its name", err)
	}
}

// TestMaskedChecksum has CRC-32C of 32 zero bytes from RFC 3720, 0x8a9136aa: rotated it is 0x6d551522.
func TestMaskedChecksum(t *testing.T) {
	if got := masked(make([]byte, 32)); got != 0x0fd7fffa {
		t.Errorf("got %#010x, want 0x0fd7fffa", got)
	}
}

var interop = flag.String("interop", "", "a folder in which the tests leave event files for scripts/interop_tensorboard.py")

// TestLeavesFilesForTensorBoard writes what a run and its continuation write: 100 steps, then again from step 60.
func TestLeavesFilesForTensorBoard(t *testing.T) {
	dir := *interop
	if dir == "" {
		dir = t.TempDir()
	}
	now := time.Unix(1_800_000_000, 0)
	tick := func() time.Time { now = now.Add(time.Second); return now }
	for part, from := range []int64{0, 60} {
		w, err := New(dir, tick)
		if err != nil {
			t.Fatal(err)
		}
		if part == 1 {
			err = w.Restart(from)
		} else {
			err = w.Text(0, "config", "norm: dyt")
		}
		for step := from; step < 100 && err == nil; step++ {
			err = errors.Join(w.Scalar(step, "loss", float64(part*1000)+float64(step)/8), w.Scalar(step, "eval/loss", math.NaN()))
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*tfevents*")); err != nil || len(names) != 2 {
		t.Errorf("got %v, want two files (%v)", names, err)
	}
}

// Example writes a curve of two points.
func Example() {
	dir, err := os.MkdirTemp("", "events")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	w, err := New(dir, func() time.Time { return time.Unix(1_700_000_000, 0) })
	if err != nil {
		panic(err)
	}
	w.Scalar(1, "loss", 2.5)
	w.Scalar(2, "loss", 2.25)
	if err := w.Close(); err != nil {
		panic(err)
	}
	fmt.Println(filepath.Base(w.Path()))
	// Output: events.out.tfevents.1700000000.dyt
}
