package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// GoSource makes a corpus of Go source: of the folder `dir`, or with an empty dir of the standard library of the Go that
// is installed, or where none is, of a sample of it that this package carries. The first of these that applies is
// taken; Note says when it is the sample, and why.
//
// Left out are tests, testdata, vendored code, the commands (src/cmd), and generated files, so that a model does not
// just learn Unicode tables. Packages are split by the hash of their path (0 means DefaultValid).
func GoSource(ctx context.Context, dir string, valid float64) (*Corpus, error) {
	if dir != "" {
		return goFolder(dir, valid)
	}
	root, err := GoRoot(ctx)
	if err == nil {
		return goFolder(root, valid)
	}
	if ctx.Err() != nil {
		return nil, err
	}
	c, sampleErr := GoSample(valid)
	if sampleErr != nil {
		return nil, sampleErr
	}
	c.Note = err.Error()
	return c, nil
}

// GoRoot asks the go command for GOROOT. runtime.GOROOT would not do: it is empty in a binary built with -trimpath, and
// elsewhere names the folder of the machine that built it.
func GoRoot(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, "go", "env", "GOROOT")
	command.Env = append(os.Environ(), "GOTOOLCHAIN=local") // a go.mod hereabouts must not make it download another Go
	out, err := command.Output()
	if err != nil {
		why := err.Error()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
			why = strings.TrimSpace(string(exit.Stderr))
		}
		return "", fmt.Errorf("data: go source: go env GOROOT: %s; install Go and put it on PATH, or name a folder with Go source", why)
	}
	root := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(root, "src")); err != nil {
		return "", fmt.Errorf("data: go source: %w; this Go came without its library's source; name a folder with Go source", err)
	}
	return root, nil
}

// goFolder reads a tree of Go source. A GOROOT is known by src/runtime, and its src is taken.
func goFolder(dir string, valid float64) (*Corpus, error) {
	if err := isFolder("go source", dir); err != nil {
		return nil, err
	}
	c := &Corpus{Name: "gosource", From: dir}
	if _, err := os.Stat(filepath.Join(dir, "src", "runtime")); err == nil {
		c.From = filepath.Join(dir, "src")
	}
	if version, err := os.ReadFile(filepath.Join(c.From, "..", "VERSION")); err == nil && strings.HasPrefix(string(version), "go") {
		c.Version, _, _ = strings.Cut(strings.TrimSpace(string(version)), "\n")
		c.Licence = "BSD-3-Clause"
	}
	docs, err := readGo(os.DirFS(c.From), c.From)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, fmt.Errorf("data: go source: %s: no Go files besides tests and generated ones; name a folder with Go source", c.From)
	}
	return c, c.splitDocuments(docs, valid, packageUnit, fileUnit)
}

func readGo(files fs.FS, folder string) ([]Document, error) {
	docs, _, err := readTree(files, folder, func(name string, d fs.DirEntry) bool {
		if d.IsDir() {
			base := path.Base(name)
			return base != "testdata" && base != "vendor" && name != "cmd" && !hidden(name) && base[0] != '_'
		}
		return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !hidden(name)
	})
	kept := docs[:0]
	for _, d := range docs {
		if !generated(d.Text) {
			kept = append(kept, d)
		}
	}
	return kept, err
}

// generated says whether Go source has a line of the form
//
//	// Code generated ... DO NOT EDIT.
//
// before its package clause, which is Go's rule for generated files (https://go.dev/s/generatedcode).
func generated(source string) bool {
	for source != "" {
		line, rest, _ := strings.Cut(source, "\n")
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.") {
			return true
		}
		if strings.HasPrefix(line, "package ") {
			return false
		}
		source = rest
	}
	return false
}
