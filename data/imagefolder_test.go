package data

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

func TestDecodedLevelsAreThoseOfPillow(t *testing.T) {
	for _, room := range []string{"png", "jpeg"} {
		f := golden.Load(t, "data/decode", room)
		done := 0
		for _, name := range f.Names() {
			name, ok := strings.CutSuffix(name, ".file")
			if !ok {
				continue
			}
			got, err := DecodeImage(bytes.NewReader(f.Tensor(name + ".file").Data))
			if err != nil {
				t.Fatalf("%s %s: %v", room, name, err)
			}
			want := f.Tensor(name + ".levels")
			if got.H != want.Shape[0] || got.W != want.Shape[1] || got.H*got.W*got.C != len(want.Data) {
				t.Errorf("%s %s: got %d x %d x %d, expected %v", room, name, got.H, got.W, got.C, want.Shape)
				continue
			}
			worst := 0
			for i, v := range want.Data {
				worst = max(worst, int(v)-int(got.Pix[i]), int(got.Pix[i])-int(v))
			}
			if float64(worst) > f.Tolerance().Abs {
				t.Errorf("%s %s: differs by %d levels", room, name, worst)
			}
			t.Logf("%s %s: largest difference %d levels", room, name, worst)
			done++
		}
		if done < 4 {
			t.Errorf("%s: only %d files", room, done)
		}
	}
}

// pngFile is a real picture from the fixtures.
func pngFile(t *testing.T, name string) string {
	return string(golden.Load(t, "data/decode", "png").Tensor(name + ".file").Data)
}

func TestImageFolderListsClassesAndFiles(t *testing.T) {
	png := pngFile(t, "rgb")
	dir := tree(t, map[string]string{
		"dog/b.PNG": png, "dog/a.png": png, "dog/more/c.png": png, "cat/x.png": pngFile(t, "grey"), "cat/notes.txt": "no picture", "cat/.hidden.png": png,
		".git/objects/a.png": png, "README.md": "text",
	})
	f, err := ReadImageFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Classes(), []string{"cat", "dog"}) || !slices.Equal(f.files, []string{"cat/x.png", "dog/a.png", "dog/b.PNG", "dog/more/c.png"}) || f.Skipped != 1 {
		t.Errorf("classes %q, files %q, %d skipped", f.Classes(), f.files, f.Skipped)
	}
	for i, want := range []int{0, 1, 1, 1} {
		m, err := f.Image(i)
		if err != nil || f.Label(i) != want || m.C != []int{1, 3, 3, 3}[i] {
			t.Errorf("image %d: label %d, %d channels, %v", i, f.Label(i), m.C, err)
		}
	}
	before := f.ID()
	if err := os.Rename(filepath.Join(dir, "dog", "a.png"), filepath.Join(dir, "cat", "a.png")); err != nil {
		t.Fatal(err)
	}
	if f, err = ReadImageFolder(dir); err != nil || f.ID() == before {
		t.Errorf("a moved file does not show in the ID: %v", err)
	}
}

func TestImageFolderErrorsNameTheFile(t *testing.T) {
	png := pngFile(t, "rgb")
	header := "IHDR\x00\x01\x00\x00\x00\x01\x00\x00" + png[24:29] // claims 65536 x 65536 pixels
	huge := png[:12] + string(binary.BigEndian.AppendUint32([]byte(header), crc32.ChecksumIEEE([]byte(header)))) + png[33:]
	dir := tree(t, map[string]string{"a/cut.png": png[:len(png)/2], "a/text.png": "not a picture", "a/zero.jpg": "", "a/zz.png": huge, "flat.png": png})
	f, err := ReadImageFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"cut.png: image: after", "text.png: image: neither PNG nor JPEG: begins with 6e 6f 74", "zero.jpg: image: neither PNG nor JPEG: begins with", "zz.png: image: 65536 x 65536 pixels"} {
		if _, err := f.Image(i); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected an error with %q", err, want)
		}
	}
	for what, c := range map[string]struct{ dir, want string }{
		"no folder":   {filepath.Join(dir, "none"), "expected a folder"},
		"no classes":  {filepath.Join(dir, "a"), "no sub-folders"},
		"empty class": {tree(t, map[string]string{"a/x.png": png, "b/y.txt": "text"}), `class "b" has no .png`},
	} {
		if _, err := ReadImageFolder(c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, expected an error with %q", what, err, c.want)
		}
	}
}
