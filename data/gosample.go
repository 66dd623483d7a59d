package data

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
)

// goSampleArchive holds some packages of Go's standard library; gosample/README.md says which, and data/_gen/gosample
// makes it.
//
//go:embed gosample/sample.tar.gz
var goSampleArchive []byte

// GoSample makes a corpus of the embedded sample, about 1 MB of Go source, split like GoSource. The archive begins with
// two files about itself, VERSION and LICENSE, which are not part of the text.
func GoSample(valid float64) (*Corpus, error) {
	c := &Corpus{Name: "gosource", From: "embedded sample", Licence: "BSD-3-Clause"}
	docs, err := readArchive(goSampleArchive)
	if err != nil {
		return nil, fmt.Errorf("data: go source: embedded sample: %w", err)
	}
	var source []Document
	for _, d := range docs {
		switch {
		case d.Name == "VERSION":
			c.Version = strings.TrimSpace(d.Text)
		case strings.HasSuffix(d.Name, ".go"):
			source = append(source, d)
		}
	}
	return c, c.splitDocuments(source, valid, packageUnit)
}

func readArchive(archive []byte) ([]Document, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var docs []Document
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		docs = append(docs, Document{header.Name, string(text)})
	}
}
