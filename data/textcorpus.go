package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"unicode/utf8"
)

// Document is one text of a corpus. Its bytes are kept as they are in the file: no change of line ends, no repair of
// invalid UTF-8.
type Document struct {
	Name string // path inside the corpus, with slashes
	Text string
}

// Corpus is text split into a part to learn from and a part to be judged on.
type Corpus struct {
	Name    string // "gosource" or "text"
	From    string // the file or folder, or "embedded sample"
	Version string // of Go, if the corpus is Go's standard library
	Licence string // if known
	Split   string // the rule by which documents went into Valid, in words
	Note    string // what the user should know, for example why the embedded sample was taken
	Skipped int    // binary files left out
	Train   []Document
	Valid   []Document
}

// Summary is what identifies documents in reports and run folders.
type Summary struct {
	Documents int    `json:"documents"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // over name and text of each, in order, each with its length in 8 bytes before it
}

// Summarise counts and hashes documents.
func Summarise(docs ...[]Document) Summary {
	var s Summary
	h := sha256.New()
	put := func(text string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
		h.Write(n[:])
		io.WriteString(h, text)
	}
	for _, part := range docs {
		for _, d := range part {
			put(d.Name)
			put(d.Text)
			s.Documents++
			s.Bytes += int64(len(d.Text))
		}
	}
	s.SHA256 = hex.EncodeToString(h.Sum(nil))
	return s
}

// Summary counts and hashes the whole corpus, training part first.
func (c *Corpus) Summary() Summary { return Summarise(c.Train, c.Valid) }

// DefaultValid is the share of the bytes that go into the validation part when nothing is said.
const DefaultValid = 0.1

// splitDocuments fills Train and Valid. Documents of one unit (a Go package, a file) stay together, so that nothing is
// learned about a validation text from its neighbours. Units go into the validation part in the order of the hashes of
// their names, leaving out any that would carry it beyond its share of the bytes. So the choice has nothing to do with
// what is in them, and it hardly changes when a few units come or go.
//
// With a single unit the next finer one is taken: package, then file, then the last bytes of the only file.
func (c *Corpus) splitDocuments(docs []Document, share float64, units ...unit) error {
	if share == 0 {
		share = DefaultValid
	}
	if !(share > 0 && share < 1) {
		return fmt.Errorf("data: text: validation share %g: expected a number between 0 and 1", share)
	}
	for _, u := range units {
		sizes := map[string]int{}
		for _, d := range docs {
			sizes[u.of(d.Name)] += len(d.Text)
		}
		if len(sizes) < 2 {
			continue
		}
		valid := chooseValid(sizes, share)
		for _, d := range docs {
			if valid[u.of(d.Name)] {
				c.Valid = append(c.Valid, d)
			} else {
				c.Train = append(c.Train, d)
			}
		}
		c.Split = fmt.Sprintf("by the hash of the %s's name, %d of %d for validation", u.name, len(valid), len(sizes))
		return nil
	}
	d := docs[0]
	at := int(float64(len(d.Text)) * (1 - share))
	for at > 0 && at < len(d.Text) && !utf8.RuneStart(d.Text[at]) {
		at--
	}
	c.Train = []Document{{d.Name, d.Text[:at]}}
	c.Valid = []Document{{d.Name, d.Text[at:]}}
	c.Split = fmt.Sprintf("the last %g of the bytes for validation", share)
	return nil
}

// unit is a way to put documents together.
type unit struct {
	name string
	of   func(document string) string
}

var (
	packageUnit = unit{"package", path.Dir}
	fileUnit    = unit{"file", func(name string) string { return name }}
)

// chooseValid picks the units for validation, at least one: if none fits, the smallest.
func chooseValid(sizes map[string]int, share float64) map[string]bool {
	total := 0
	names := make([]string, 0, len(sizes))
	for name, size := range sizes {
		names = append(names, name)
		total += size
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(unitHash(a), unitHash(b)), cmp.Compare(a, b))
	})
	valid, taken := map[string]bool{}, 0
	for _, name := range names {
		if float64(taken+sizes[name]) <= share*float64(total) {
			valid[name] = true
			taken += sizes[name]
		}
	}
	if len(valid) == 0 {
		valid[slices.MinFunc(names, func(a, b string) int { return cmp.Compare(sizes[a], sizes[b]) })] = true
	}
	return valid
}

// unitHash is the first 8 bytes of the name's SHA-256 as a number.
func unitHash(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:])
}
