package get

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dyt-go/dyt/data"
)

// home is a server of one file, with what it was asked for and what it sent.
type home struct {
	*httptest.Server
	content []byte
	etag    string
	before  func(w http.ResponseWriter, r *http.Request) bool // answers instead, if it returns true

	mu     sync.Mutex
	ranges []string // the Range header of each request
	sent   int      // bytes of bodies
}

func newHome(t *testing.T, content []byte) *home {
	h := &home{content: content, etag: `"v1"`}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *home) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.ranges = append(h.ranges, r.Header.Get("Range"))
	h.mu.Unlock()
	if h.before != nil && h.before(w, r) {
		return
	}
	w.Header().Set("ETag", h.etag)
	http.ServeContent(counting{w, h}, r, "", time.Time{}, bytes.NewReader(h.content))
}

type counting struct {
	http.ResponseWriter
	h *home
}

func (c counting) Write(b []byte) (int, error) {
	c.h.mu.Lock()
	c.h.sent += len(b)
	c.h.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

// cut sends n bytes of the whole file and drops the connection.
func (h *home) cut(w http.ResponseWriter, from, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(h.content)-from))
	w.Header().Set("ETag", h.etag)
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(h.content)-1, len(h.content)))
		w.WriteHeader(http.StatusPartialContent)
	}
	counting{w, h}.Write(h.content[from : from+n])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func (h *home) set() data.Set {
	return data.Set{Name: "plays", Parts: []data.Part{{URL: h.URL + "/a/input.txt", Size: int64(len(h.content)), SHA256: hexSum(h.content)}}}
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// some returns n bytes without a pattern that a shift would hide.
func some(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// quick are options whose waits a test can afford.
func quick(dir string) Options {
	return Options{Dir: dir, Pause: time.Millisecond, Attempts: 3, Stall: 5 * time.Second}
}

// fetched demands that dir holds exactly these files.
func fetched(t *testing.T, dir string, want map[string][]byte) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if want[e.Name()] == nil {
			t.Errorf("left %s behind", e.Name())
		}
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes (%v), want %d others", name, len(got), err, len(content))
		}
	}
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFetchBringsTheFileOnce(t *testing.T) {
	h := newHome(t, some(300_000))
	dir := filepath.Join(t.TempDir(), "new", "folder")
	o := quick(dir)
	var last Progress
	o.Progress = func(p Progress) {
		if p.Stage == last.Stage && p.Done < last.Done && last.Done < last.Size || p.File != "input.txt" || p.Size != 300_000 {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	for range 2 {
		got, err := Fetch(t.Context(), h.set(), o)
		if err != nil || got != dir {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	fetched(t, dir, map[string][]byte{"input.txt": h.content})
	if len(h.ranges) != 1 || h.sent != 300_000 {
		t.Errorf("%d requests for %d bytes, want one for 300000", len(h.ranges), h.sent)
	}
	if last != (Progress{"check", "input.txt", 300_000, 300_000}) {
		t.Errorf("last progress %+v, want the check of the second call", last)
	}
	if found, err := h.set().Find(dir); err != nil || found != dir {
		t.Errorf("data finds it in %q, %v", found, err)
	}
}

func TestFetchUsesTheCache(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("DYT_CACHE", cache)
	h := newHome(t, some(10))
	if got, err := Fetch(t.Context(), h.set(), Options{}); err != nil || got != filepath.Join(cache, "plays") {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestDownloadGoesOnAfterCuts drops the connection twice: no byte is sent twice, and each request asks for the rest.
func TestDownloadGoesOnAfterCuts(t *testing.T) {
	h := newHome(t, some(300_000))
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		switch len(h.ranges) {
		case 1:
			h.cut(w, 0, 100_000)
		case 2:
			h.cut(w, 100_000, 70_000)
		}
		return false
	}
	dir := t.TempDir()
	if _, err := Fetch(t.Context(), h.set(), quick(dir)); err != nil {
		t.Fatal(err)
	}
	fetched(t, dir, map[string][]byte{"input.txt": h.content})
	if want := []string{"", "bytes=100000-", "bytes=170000-"}; !reflect.DeepEqual(h.ranges, want) || h.sent != 300_000 {
		t.Errorf("asked for %q and sent %d bytes, want %q and 300000", h.ranges, h.sent, want)
	}
}

func TestDownloadGoesOnInAnotherRun(t *testing.T) {
	content := some(1000)
	for _, c := range []struct {
		name       string
		incomplete []byte
		etag       string // remembered; the server has "v1"
		sent       int
	}{
		{"same version", content[:400], `"v1"`, 600},
		{"no version remembered", content[:400], "", 600},
		{"another version: the server sends everything", bytes.Repeat([]byte("x"), 400), `"v0"`, 1000},
		{"wrong bytes, found out by the checksum", bytes.Repeat([]byte("x"), 400), "", 1600},
		{"all there", content, "", 0},
		{"all there, but wrong", bytes.Repeat([]byte("x"), 1000), "", 1000},
		{"too long", append(content, 'x'), `"v1"`, 1000},
	} {
		h := newHome(t, content)
		dir := t.TempDir()
		put(t, dir, "input.txt.incomplete", c.incomplete)
		if c.etag != "" {
			put(t, dir, "input.txt.incomplete.etag", []byte(c.etag))
		}
		if _, err := Fetch(t.Context(), h.set(), quick(dir)); err != nil || h.sent != c.sent {
			t.Errorf("%s: %v; %d bytes sent, want %d", c.name, err, h.sent, c.sent)
		}
		fetched(t, dir, map[string][]byte{"input.txt": content})
	}
}

func TestServersThatDoNotPlayAlong(t *testing.T) {
	content := some(1000)
	for _, c := range []struct {
		name   string
		answer func(h *home, w http.ResponseWriter, r *http.Request) bool
		asked  int
	}{
		{"without Range", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			w.Write(h.content)
			return true
		}, 1},
		{"416 for a Range", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				return false
			}
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return true
		}, 2},
		{"another place than asked for", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				return false
			}
			w.Header().Set("Content-Range", "bytes 0-999/1000")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(h.content)
			return true
		}, 2},
		{"a partial answer that does not say which part", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "" {
				return false
			}
			w.WriteHeader(http.StatusPartialContent)
			w.Write(h.content)
			return true
		}, 2},
		{"503 and 429 first", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			if len(h.ranges) > 2 {
				return false
			}
			w.WriteHeader([]int{0, 503, 429}[len(h.ranges)])
			return true
		}, 3},
		{"chunks without a length", func(h *home, w http.ResponseWriter, r *http.Request) bool {
			w.(http.Flusher).Flush()
			w.Write(h.content)
			return true
		}, 1},
	} {
		h := newHome(t, content)
		h.before = func(w http.ResponseWriter, r *http.Request) bool { return c.answer(h, w, r) }
		dir := t.TempDir()
		put(t, dir, "input.txt.incomplete", content[:400])
		if _, err := Fetch(t.Context(), h.set(), quick(dir)); err != nil || len(h.ranges) != c.asked {
			t.Errorf("%s: %v after %d requests %q, want %d", c.name, err, len(h.ranges), h.ranges, c.asked)
		}
		fetched(t, dir, map[string][]byte{"input.txt": content})
	}
}

func TestBytesAreAskedForAsTheyAre(t *testing.T) {
	h := newHome(t, some(10))
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding %q: a transparent gzip would change sizes", got)
		}
		return false
	}
	if _, err := Fetch(t.Context(), h.set(), quick(t.TempDir())); err != nil {
		t.Fatal(err)
	}
}

// TestCancelKeepsWhatCame cancels in the middle of a body; the next run asks for the rest.
func TestCancelKeepsWhatCame(t *testing.T) {
	h := newHome(t, some(300_000))
	ctx, cancel := context.WithCancel(t.Context())
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if len(h.ranges) > 1 {
			return false
		}
		w.Header().Set("Content-Length", "300000")
		counting{w, h}.Write(h.content[:100_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	dir := t.TempDir()
	o := quick(dir)
	o.Progress = func(p Progress) {
		if p.Done == 100_000 {
			cancel()
		}
	}
	_, err := Fetch(ctx, h.set(), o)
	var coded interface{ ExitCode() int }
	if !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "run again: it goes on where it stopped") ||
		!errors.As(err, &coded) || coded.ExitCode() != 130 {
		t.Errorf("got %v, want Canceled with exit code 130 and what to do", err)
	}
	if _, err := Fetch(t.Context(), h.set(), quick(dir)); err != nil || h.sent != 300_000 || h.ranges[1] != "bytes=100000-" {
		t.Errorf("second run: %v; asked for %q, %d bytes sent in all, want 300000", err, h.ranges, h.sent)
	}
	fetched(t, dir, map[string][]byte{"input.txt": h.content})
	if _, err := Fetch(ctx, h.set(), quick(dir)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: got %v", err)
	}
}

// archive returns a .tar.gz of these entries.
func archive(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	for _, h := range entries {
		content := some(int(h.Size))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
