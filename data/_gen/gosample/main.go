// Command gosample makes the embedded sample of Go source in data/gosample from the Go that is installed:
//
//	go run ./data/_gen/gosample
//
// The output depends on the Go version alone. Commit it together with the version in its README.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/data"
)

// packages are of middling size and of many subjects, about 1 MB together.
var packages = []string{
	"bufio", "bytes", "container/heap", "container/list", "container/ring", "context", "encoding/base64",
	"encoding/binary", "encoding/csv", "encoding/hex", "encoding/json", "errors", "flag", "fmt", "go/scanner", "go/token",
	"io", "io/fs", "log", "maps", "net/url", "path", "path/filepath", "regexp", "slices",
	"sort", "strconv", "strings", "sync", "text/tabwriter", "unicode/utf8",
}

const folder = "data/gosample"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	root, err := data.GoRoot(context.Background())
	if err != nil {
		return err
	}
	all, err := data.GoSource(context.Background(), root, 0)
	if err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return err
	}
	docs := slices.DeleteFunc(slices.Concat(all.Train, all.Valid), func(d data.Document) bool {
		return !slices.Contains(packages, path.Dir(d.Name))
	})
	slices.SortFunc(docs, func(a, b data.Document) int { return strings.Compare(a.Name, b.Name) })
	about := []data.Document{{Name: "VERSION", Text: all.Version + "\n"}, {Name: "LICENSE", Text: string(license)}}
	archive, err := pack(append(about, docs...))
	if err != nil {
		return err
	}
	sum := data.Summarise(docs)
	readme := fmt.Sprintf(readmeText, sum.Documents, len(packages), all.Version, sum.Bytes, sum.SHA256, strings.Join(packages, ", "))
	for name, content := range map[string][]byte{"sample.tar.gz": archive, "LICENSE": license, "README.md": []byte(readme)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d files, %d bytes, packed %d\n", folder, sum.Documents, sum.Bytes, len(archive))
	return nil
}

// pack writes a tar without times and owners, so that the same files give the same bytes.
func pack(docs []data.Document) ([]byte, error) {
	var b bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(zipped)
	for _, d := range docs {
		if err := w.WriteHeader(&tar.Header{Name: d.Name, Mode: 0o644, Size: int64(len(d.Text)), Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(d.Text)); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

const readmeText = `# A sample of Go's standard library

sample.tar.gz holds %d Go files of %d packages of %s's standard library, %d bytes, unchanged: the text that
` + "`dyt quickstart`" + ` learns from where no Go is installed. It is text here, never compiled. Tests and generated files are left
out. SHA-256 of names and texts (data.Summarise): %s.

Packages: %s.

The files are Copyright The Go Authors, under the BSD-3-Clause licence in LICENSE, which is also inside the archive.
Made by ` + "`go run ./data/_gen/gosample`" + `.
`
