package data

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetsTableIsWellFormed(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Sets() {
		if names[s.Name] || s.Title == "" || s.Home == "" || s.Licence == "" || len(s.Parts) == 0 {
			t.Errorf("%q: twice in the table or incomplete", s.Name)
		}
		names[s.Name] = true
		for _, p := range s.Parts {
			if u, err := url.Parse(p.URL); err != nil || u.Scheme != "https" {
				t.Errorf("%s: %s: expected an https address", s.Name, p.URL)
			}
		}
		files := map[string]bool{}
		for _, f := range s.Files() {
			sum, err := hex.DecodeString(f.SHA256)
			if err != nil || len(sum) != 32 || f.Size <= 0 || f.Name == "" || files[f.Name] {
				t.Errorf("%s: bad row %+v", s.Name, f)
			}
			files[f.Name] = true
		}
	}
	for _, name := range []string{"tinyshakespeare", "fashion-mnist", "cifar10"} {
		if s, err := SetByName(name); err != nil || s.Name != name {
			t.Errorf("%s: got %q, %v", name, s.Name, err)
		}
	}
	if _, err := SetByName("cifar"); err == nil || !strings.Contains(err.Error(), "known are cifar10, fashion-mnist, tinyshakespeare") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestFindSaysHowToGetTheSet(t *testing.T) {
	t.Setenv("DYT_CACHE", t.TempDir())
	set, err := SetByName("tinyshakespeare")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(os.Getenv("DYT_CACHE"), "tinyshakespeare")
	_, err = set.Find("")
	var missing *Missing
	if !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v, expected a *Missing that wraps fs.ErrNotExist", err)
	}
	for _, want := range []string{set.Parts[0].URL, "1115394 bytes", set.Parts[0].SHA256, dir, "dyt get tinyshakespeare"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q:\n%v", want, err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "input.txt")
	if err := os.WriteFile(file, []byte("short"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Find(""); !errors.As(err, &missing) || !strings.Contains(err.Error(), "expected a file of 1115394 bytes") {
		t.Errorf("a file of the wrong size: %v", err)
	}
	if err := os.Truncate(file, 1115394); err != nil {
		t.Fatal(err)
	}
	if got, err := set.Find(""); err != nil || got != dir {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCacheDirFollowsTheEnvironment(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	t.Setenv("DYT_CACHE", a)
	t.Setenv("XDG_CACHE_HOME", b)
	if got, _ := CacheDir(); got != a {
		t.Errorf("DYT_CACHE: got %s", got)
	}
	t.Setenv("DYT_CACHE", "")
	if got, _ := CacheDir(); got != filepath.Join(b, "dyt") {
		t.Errorf("XDG_CACHE_HOME: got %s", got)
	}
}
