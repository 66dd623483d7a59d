package get

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/data"
)

// TestFailuresSayHowToDoItByHand has a fault in each row; every error names address, size, checksum and folder.
func TestFailuresSayHowToDoItByHand(t *testing.T) {
	content := some(1000)
	answer := func(code int) func(h *home) {
		return func(h *home) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(code); return true }
		}
	}
	body := func(b []byte) func(h *home) {
		return func(h *home) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				w.(http.Flusher).Flush() // no Content-Length
				w.Write(b)
				return true
			}
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(h *home)
		says  string
		code  int
		asked int
	}{
		{"nobody there", func(h *home) { h.Close() }, "gave up after 3 attempts: Get", 8, 0},
		{"moved", answer(404), "the server answered 404 Not Found: the file has moved", 8, 1},
		{"forbidden", answer(403), "the server answered 403 Forbidden", 8, 1},
		{"always busy", answer(503), "gave up after 3 attempts: the server answered 503", 8, 3},
		{"416 without a Range", answer(416), "gave up after 3 attempts: the server answered 416", 8, 3},
		{"other bytes", body(bytes.Repeat([]byte("x"), 1000)), "expected sha256 " + hexSum(content) + ", got " + hexSum(bytes.Repeat([]byte("x"), 1000)), 8, 1},
		{"other bytes, and cut each time", func(h *home) {
			h.content = bytes.Repeat([]byte("x"), 1000)
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") == "" {
					h.cut(w, 0, 500)
				}
				return false
			}
		}, "got " + hexSum(bytes.Repeat([]byte("x"), 1000)), 8, 4},
		{"another size offered", func(h *home) { h.content = some(1001) }, "expected 1000 bytes, got an offer of 1001", 8, 1},
		{"too much", body(some(1001)), "expected 1000 bytes, got more", 8, 1},
		{"nothing, again and again", body(nil), "gave up after 3 attempts: the connection ended after 0 of 1000 bytes", 8, 3},
		{"silence", func(h *home) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return true
			}
		}, "gave up after 3 attempts: no byte for 50ms", 8, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHome(t, content)
			set := h.set()
			c.spoil(h)
			dir := t.TempDir()
			o := quick(dir)
			o.Stall = 50 * time.Millisecond
			if c.name != "silence" {
				o.Stall = 5 * time.Second
			}
			_, err := Fetch(t.Context(), set, o)
			var e *Error
			if !errors.As(err, &e) || e.ExitCode() != c.code {
				t.Fatalf("got %v, want an *Error with exit code %d", err, c.code)
			}
			for _, want := range []string{c.says, set.Parts[0].URL, "1000 bytes", set.Parts[0].SHA256, dir, "run again"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not name %q:\n%v", want, err)
				}
			}
			if len(h.ranges) != c.asked {
				t.Errorf("%d requests, want %d", len(h.ranges), c.asked)
			}
			if n := size(filepath.Join(dir, "input.txt")); n != 0 {
				t.Errorf("a file of %d bytes has the name", n)
			}
		})
	}
}

// TestForeignFilesAreNotTouched leaves a file alone that has the right name and the wrong content.
func TestForeignFilesAreNotTouched(t *testing.T) {
	h := newHome(t, some(1000))
	for _, content := range []string{"short", strings.Repeat("x", 1000)} {
		dir := t.TempDir()
		put(t, dir, "input.txt", []byte(content))
		_, err := Fetch(t.Context(), h.set(), quick(dir))
		var e *Error
		if !errors.As(err, &e) || e.ExitCode() != 3 || !strings.HasSuffix(err.Error(), "remove the file to download it again") {
			t.Errorf("got %v, want exit code 3 and what to do", err)
		}
		fetched(t, dir, map[string][]byte{"input.txt": []byte(content)})
	}
	if len(h.ranges) != 0 {
		t.Errorf("asked for %q, want nothing", h.ranges)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	h := newHome(t, some(10))
	file := filepath.Join(t.TempDir(), "file")
	put(t, filepath.Dir(file), "file", nil)
	_, err := Fetch(t.Context(), h.set(), quick(filepath.Join(file, "cache")))
	var e *Error
	if !errors.As(err, &e) || e.ExitCode() != 3 || !strings.HasSuffix(err.Error(), "make the folder writable or set DYT_CACHE to another one") {
		t.Errorf("got %v, want exit code 1 and what to do", err)
	}
}

func regular(name string, size int64) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: size, Mode: 0o644}
}

func (h *home) packed(members ...data.Member) data.Set {
	return data.Set{Name: "photos", Parts: []data.Part{{URL: h.URL + "/photos.tar.gz", Size: int64(len(h.content)), SHA256: hexSum(h.content), Members: members}}}
}

func TestArchiveIsUnpackedAndNothingElse(t *testing.T) {
	one, two := some(5000), some(70)
	h := newHome(t, archive(t,
		tar.Header{Name: "photos/", Typeflag: tar.TypeDir},
		regular("../../evil.bin", 10), regular("/evil.bin", 10), regular("photos/readme.html", 10),
		tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/"}, regular("link/evil.bin", 10),
		regular("photos/one.bin", 5000), regular("./photos/two.bin", 70), regular("photos/one.bin", 3)))
	set := h.packed(data.Member{Path: "photos/one.bin", Size: 5000, SHA256: hexSum(one)}, data.Member{Path: "photos/two.bin", Size: 70, SHA256: hexSum(two)})
	root := t.TempDir()
	dir := filepath.Join(root, "a", "b")
	for range 2 {
		if _, err := Fetch(t.Context(), set, quick(dir)); err != nil {
			t.Fatal(err)
		}
	}
	fetched(t, dir, map[string][]byte{"one.bin": one, "two.bin": two})
	for _, above := range []string{root, filepath.Join(root, "a")} {
		if entries, err := os.ReadDir(above); err != nil || len(entries) != 1 {
			t.Errorf("%s holds %v (%v), want one folder", above, entries, err)
		}
	}
	if len(h.ranges) != 1 {
		t.Errorf("%d requests, want one", len(h.ranges))
	}
	byHand := t.TempDir()
	put(t, byHand, "photos.tar.gz", h.content)
	if _, err := Fetch(t.Context(), set, quick(byHand)); err != nil || len(h.ranges) != 1 {
		t.Errorf("an archive put there by hand: %v, %d requests", err, len(h.ranges))
	}
	fetched(t, byHand, map[string][]byte{"one.bin": one, "two.bin": two})
}

func TestBadArchives(t *testing.T) {
	good := data.Member{Path: "d/one.bin", Size: 50, SHA256: hexSum(some(50))}
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"member missing", archive(t, regular("d/two.bin", 50)), "expected a member d/one.bin, found none"},
		{"member of another size", archive(t, regular("d/one.bin", 51)), "expected a file of 50 bytes, got type '0' of 51 bytes"},
		{"member is a link", archive(t, tar.Header{Name: "d/one.bin", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "expected a file of 50 bytes, got type '2'"},
		{"no gzip", some(100), "gzip: invalid header"},
		{"cut", archive(t, regular("d/one.bin", 50))[:60], "unexpected EOF"},
	} {
		h := newHome(t, c.content)
		dir := t.TempDir()
		_, err := Fetch(t.Context(), h.packed(good), quick(dir))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "photos.tar.gz") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
		fetched(t, dir, map[string][]byte{"photos.tar.gz": c.content})
	}
	h := newHome(t, archive(t, regular("d/one.bin", 50)))
	_, err := Fetch(t.Context(), h.packed(data.Member{Path: "d/one.bin", Size: 50, SHA256: hexSum(nil)}), quick(t.TempDir()))
	var e *Error
	if !errors.As(err, &e) || e.ExitCode() != 8 || !strings.Contains(err.Error(), "one.bin: expected sha256 "+hexSum(nil)) {
		t.Errorf("member with another checksum: got %v", err)
	}
}

func TestPlanSaysWhatIsThere(t *testing.T) {
	content := some(1000)
	h := newHome(t, content)
	for _, c := range []struct {
		file string
		have int64
		says string
	}{
		{"nothing", 0, "download http"},
		{"input.txt", 1000, "is there http"},
		{"input.txt.incomplete", 400, "go on from byte 400 of http"},
	} {
		dir := t.TempDir()
		put(t, dir, c.file, content[:c.have])
		plan, err := NewPlan(h.set(), dir)
		if err != nil || plan.Bytes != 1000-c.have || plan.Steps[0].Have != c.have || !strings.Contains(plan.String(), c.says) {
			t.Errorf("%s: got %v, %v; want %q", c.file, plan, err, c.says)
		}
		text, err := json.Marshal(plan)
		want := fmt.Sprintf(`{"set":"plays","dir":%q,"bytes":%d,"steps":[{"url":%q,"size":1000,"sha256":%q,"have":%d,"files":["input.txt"]}]}`,
			dir, 1000-c.have, h.URL+"/a/input.txt", hexSum(content), c.have)
		if err != nil || string(text) != want {
			t.Errorf("%s: got %s (%v), want %s", c.file, text, err, want)
		}
	}
	if len(h.ranges) != 0 {
		t.Error("planning sent a request")
	}
}

func TestEverySetOfTheTableCanBePlanned(t *testing.T) {
	t.Setenv("DYT_CACHE", t.TempDir())
	for _, set := range data.Sets() {
		plan, err := NewPlan(set, "")
		if err != nil || plan.Bytes != set.Size() || len(plan.Steps) != len(set.Parts) {
			t.Errorf("%s: %+v, %v", set.Name, plan, err)
		}
		if _, err := os.Stat(plan.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: planning made %s", set.Name, plan.Dir)
		}
	}
}
