package data

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxCorpus bounds the bytes of a corpus: it is held in memory, with 4 more bytes for each token.
const maxCorpus = 1 << 30

// TextFile makes a corpus of one text file. The last `valid` of its bytes (0 means DefaultValid) are for validation, as
// nanoGPT splits Tiny Shakespeare.
func TextFile(file string, valid float64) (*Corpus, error) {
	doc, err := readDocument(file)
	if err != nil {
		return nil, err
	}
	c := &Corpus{Name: "text", From: file}
	return c, c.splitDocuments([]Document{doc}, valid)
}

// TextPair makes a corpus of two text files, one to learn from and one for validation.
func TextPair(train, valid string) (*Corpus, error) {
	a, err := readDocument(train)
	if err != nil {
		return nil, err
	}
	b, err := readDocument(valid)
	if err != nil {
		return nil, err
	}
	c := &Corpus{Name: "text", From: train, Split: "validation on " + valid}
	c.Train, c.Valid = []Document{a}, []Document{b}
	return c, nil
}

// TextFolder makes a corpus of the files in a folder and its subfolders whose names end in one of the extensions, with
// or without the dot; without extensions every file that is text is taken. Binary files (binaryAt) are left out and
// counted in Skipped. Hidden files and folders are left out, links are not followed. Files are split by the hash of
// their path.
func TextFolder(folder string, extensions []string, valid float64) (*Corpus, error) {
	c := &Corpus{Name: "text", From: folder}
	docs, err := c.readFolder(folder, extensions)
	if err != nil {
		return nil, err
	}
	return c, c.splitDocuments(docs, valid, fileUnit)
}

// TextFolders makes a corpus of two folders, one to learn from and one for validation, each read like TextFolder's.
func TextFolders(train, valid string, extensions []string) (c *Corpus, err error) {
	c = &Corpus{Name: "text", From: train, Split: "validation on " + valid}
	if c.Train, err = c.readFolder(train, extensions); err != nil {
		return nil, err
	}
	if c.Valid, err = c.readFolder(valid, extensions); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Corpus) readFolder(folder string, extensions []string) ([]Document, error) {
	if err := isFolder("text", folder); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, e := range extensions {
		wanted["."+strings.TrimPrefix(e, ".")] = true
	}
	docs, skipped, err := readTree(os.DirFS(folder), folder, func(name string, d fs.DirEntry) bool {
		return !hidden(name) && (d.IsDir() || len(wanted) == 0 || wanted[path.Ext(name)])
	})
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		what := "no file"
		if len(extensions) > 0 {
			what = "no file that ends in " + strings.Join(slices.Sorted(maps.Keys(wanted)), ", ")
		}
		return nil, fmt.Errorf("data: text: %s: %s has text (%d binary files left out); name other extensions or another folder", folder, what, skipped)
	}
	if c.Skipped += skipped; c.Skipped > 0 {
		c.Note = fmt.Sprintf("%d binary files left out", c.Skipped)
	}
	return docs, nil
}

func readDocument(file string) (Document, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Document{}, fmt.Errorf("data: text: %w; expected a text file", err)
	}
	if !info.Mode().IsRegular() {
		return Document{}, fmt.Errorf("data: text: %s: expected a text file, got %v; for a folder say which extensions to read", file, info.Mode())
	}
	if info.Size() > maxCorpus {
		return Document{}, tooLarge(file, info.Size())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Document{}, fmt.Errorf("data: text: %w", err)
	}
	if len(text) == 0 {
		return Document{}, fmt.Errorf("data: text: %s: the file is empty; expected text", file)
	}
	if at := binaryAt(text); at >= 0 {
		return Document{}, fmt.Errorf("data: text: %s: byte 0 at offset %d: a binary file; expected text", file, at)
	}
	return Document{filepath.Base(file), string(text)}, nil
}

func tooLarge(where string, size int64) error {
	return fmt.Errorf("data: text: %s: %d bytes of text or more: expected at most %d, as the corpus is held in memory; take a part of it", where, size, maxCorpus)
}

func isFolder(kind, folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("data: %s: %w; expected a folder", kind, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("data: %s: %s: expected a folder, got a file", kind, folder)
	}
	return nil
}

// readTree reads the regular, non-empty text files below a folder, in the order of their slash-separated paths, and counts
// the binary ones among those that keep lets in. keep is asked for each folder and file, the folder itself excepted.
func readTree(files fs.FS, folder string, keep func(name string, d fs.DirEntry) bool) (docs []Document, skipped int, err error) {
	var size int64
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(folder, name, err)
		}
		switch {
		case name == ".":
			return nil
		case !keep(name, d) && d.IsDir():
			return fs.SkipDir
		case !keep(name, d) || !d.Type().IsRegular():
			return nil
		}
		text, binary, err := readText(files, name)
		switch {
		case err != nil:
			return unreadable(folder, name, err)
		case binary:
			skipped++
			return nil
		}
		if size += int64(len(text)); size > maxCorpus {
			return tooLarge(folder, size)
		}
		if len(text) > 0 {
			docs = append(docs, Document{name, string(text)})
		}
		return nil
	})
	slices.SortFunc(docs, func(a, b Document) int { return strings.Compare(a.Name, b.Name) })
	return docs, skipped, err
}

// readText reads a file unless its beginning tells that it is binary; of a text beyond maxCorpus it reads one byte more
// than that, which the caller refuses.
func readText(files fs.FS, name string) (text []byte, binary bool, err error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	head := make([]byte, binaryLook)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	if binaryAt(head) >= 0 {
		return nil, true, nil
	}
	if err != nil { // the file is shorter than what was looked at
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return head, false, err
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxCorpus))
	return append(head, rest...), false, err
}

// binaryLook is how many bytes of a file are looked at to tell text from binary, as git does.
const binaryLook = 8000

// binaryAt returns the offset of the first byte 0 among the first binaryLook bytes, -1 where there is none. Text has no
// byte 0, and nearly all binary formats have one early.
func binaryAt(content []byte) int { return bytes.IndexByte(content[:min(len(content), binaryLook)], 0) }

func unreadable(folder, name string, err error) error {
	return fmt.Errorf("data: text: %s: %w; give yourself the right to read it, or take another folder", filepath.Join(folder, name), err)
}

func hidden(name string) bool { return strings.HasPrefix(path.Base(name), ".") }
