package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/data/augment"
	"github.com/dyt-go/dyt/internal/sampledata"
)

func idx(elements string, dims ...uint32) string {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return string(b) + elements
}

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestIDXIsReadPlainAndCompressed(t *testing.T) {
	file := idx("abcdefghijkl", 2, 3, 2)
	dir := tree(t, map[string]string{"plain": file, "packed": zip(t, file)})
	for _, name := range []string{"plain", "packed"} {
		dims, elements, err := ReadIDX(filepath.Join(dir, name))
		if err != nil || !slices.Equal(dims, []int{2, 3, 2}) || string(elements) != "abcdefghijkl" {
			t.Errorf("%s: got %v %q, %v", name, dims, elements, err)
		}
	}
}

func TestDamagedImageFilesSayWhere(t *testing.T) {
	record := "\x03" + strings.Repeat("x", 3072)
	readIDX := func(path string) error { _, _, err := ReadIDX(path); return err }
	readCIFAR := func(path string) error { _, err := ReadCIFAR10(path); return err }
	packed := zip(t, idx(strings.Repeat("abcdefgh", 4000), 8, 4000))
	flipped := []byte(packed)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for _, c := range []struct {
		name, content string
		read          func(string) error
		want          string
	}{
		{"empty", "", readIDX, "magic number: the file is truncated"},
		{"text", "some text", readIDX, "not an IDX file"},
		{"floats", "\x00\x00\x0d\x01", readIDX, "element type: expected 08"},
		{"no rank", "\x00\x00\x08\x00", readIDX, "rank: expected 1 to 8, got 0"},
		{"half a header", idx("", 2, 3)[:10], readIDX, "dimension 2 of 2: the file is truncated"},
		{"huge claim", idx("abc", math.MaxUint32, math.MaxUint32, 9), readIDX, "claim more than"},
		{"lying header", idx("abc", 1<<30), readIDX, "the file is truncated: expected 1073741832 bytes, got 11"},
		{"truncated", idx("abcde", 2, 3), readIDX, "the file is truncated: expected 18 bytes, got 17"},
		{"too long", idx("abcdefg", 2, 3), readIDX, "end of the file at offset 18"},
		{"cut gzip", packed[:len(packed)/2], readIDX, "offset"},
		{"damaged gzip", string(flipped), readIDX, "checksum"},
		{"cifar empty", "", readCIFAR, "no record"},
		{"cifar truncated", record + record[:100], readCIFAR, "record 1: expected 3073 bytes, got 100 up to offset 3173: the file is truncated"},
		{"cifar label", record + "\x0a" + record[1:], readCIFAR, "record 1: offset 3073: expected a label from 0 to 9, got 10"},
	} {
		path := filepath.Join(tree(t, map[string]string{"f": c.content}), "f")
		if err := c.read(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, expected an error with the path and %q", c.name, err, c.want)
		}
	}
}

func TestLabelsAndImagesMustAgree(t *testing.T) {
	for what, c := range map[string]struct{ images, labels, want string }{
		"counts": {idx("abcdefgh", 2, 2, 2), idx("\x00\x01\x01", 3), "expected 2 labels"},
		"label":  {idx("abcdefgh", 2, 2, 2), idx("\x00\x02", 2), "label 2 of image 1: expected 0 to 1"},
		"rank":   {idx("ab", 2), idx("\x00\x01", 2), "expected images as [N, H, W]"},
	} {
		dir := tree(t, map[string]string{"i": c.images, "l": c.labels})
		if _, err := ReadIDXImages(filepath.Join(dir, "i"), filepath.Join(dir, "l"), []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, expected an error with %q", what, err, c.want)
		}
	}
}

func TestCIFAR10PlanesBecomePixels(t *testing.T) {
	record := make([]byte, cifarRecord)
	record[0] = 7
	for i := range cifarPlane {
		record[1+i], record[1+cifarPlane+i], record[1+2*cifarPlane+i] = byte(i), byte(i+1), byte(i+2)
	}
	dir := tree(t, map[string]string{"f": string(record) + string(record)})
	a, err := ReadCIFAR10(filepath.Join(dir, "f"))
	if err != nil || a.Len() != 2 || a.Label(1) != 7 {
		t.Fatalf("%v, %d images", err, a.Len())
	}
	m, _ := a.Image(1)
	for i := range cifarPlane {
		if got := [3]byte(m.Pix[3*i:]); got != [3]byte{byte(i), byte(i + 1), byte(i + 2)} {
			t.Fatalf("pixel %d is %v", i, got)
		}
	}
}

// The mean and deviation that normalising uses, and the counts that the sets' authors state.
func TestFashionMNISTIsComplete(t *testing.T) {
	dir := sampledata.Path(t, "image-fashion-mnist")
	if testing.Short() {
		t.Skip("unpacks 55 MB")
	}
	train, test, err := FashionMNIST(dir)
	if err != nil {
		t.Fatal(err)
	}
	for what, a := range map[string]*ImageArray{"train": train, "test": test} {
		var counts [10]int
		for _, label := range a.Labels {
			counts[label]++
		}
		n := map[string]int{"train": 6000, "test": 1000}[what]
		if counts != [10]int{n, n, n, n, n, n, n, n, n, n} || a.H != 28 || a.W != 28 || a.C != 1 {
			t.Errorf("%s: %d x %d x %d, counts %v", what, a.H, a.W, a.C, counts)
		}
	}
	sum, squares := 0, 0
	for _, v := range train.Pix {
		sum += int(v)
		squares += int(v) * int(v)
	}
	n := float64(len(train.Pix))
	mean := float64(sum) / n
	std := math.Sqrt(float64(squares)/n - mean*mean)
	stats := augment.FashionMNIST()
	if math.Abs(mean/255-float64(stats.Mean[0])) > 1e-4 || math.Abs(std/255-float64(stats.Std[0])) > 1e-4 {
		t.Errorf("mean %.5f and deviation %.5f, augment has %g and %g", mean/255, std/255, stats.Mean[0], stats.Std[0])
	}
}

func TestCIFAR10TakesAPartOfTheSet(t *testing.T) {
	dir := sampledata.Path(t, "image-cifar10-jpeg")
	if testing.Short() {
		t.Skip("unpacks 37 MB")
	}
	train, test, err := CIFAR10(dir)
	if err != nil || train.Len() != 10_000 || test.Len() != 2_000 {
		t.Fatalf("%v: %d and %d images", err, train.Len(), test.Len())
	}
	for i := range 10 {
		if train.Label(i) != i {
			t.Errorf("image %d has label %d", i, train.Label(i))
		}
	}
}

func TestMissingImageSetsSayHowToGetThem(t *testing.T) {
	t.Setenv("DYT_CACHE", t.TempDir())
	for _, name := range []string{"fashion-mnist", "cifar10"} {
		for _, dir := range []string{"", t.TempDir()} {
			_, err := Load(t.Context(), Config{Source: name, Path: dir})
			var missing *Missing
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), "dyt get "+name) || !strings.Contains(err.Error(), "sha256") {
				t.Errorf("%s in %q: got %v, expected a *Missing", name, dir, err)
			}
		}
	}
	dir := t.TempDir()
	set, _ := SetByName("fashion-mnist")
	for _, f := range set.Files() {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte("short"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := FashionMNIST(dir); err == nil || !strings.Contains(err.Error(), "expected a file of 26421880 bytes") {
		t.Errorf("a truncated download: got %v", err)
	}
}
