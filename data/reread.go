package data

import (
	"bytes"
	"io"
)

// countingReader knows how many bytes were read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// replay keeps what is read through it, so that it can be read again: a header, then the whole file.
type replay struct {
	r    io.Reader
	kept bytes.Buffer
}

func (p *replay) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.kept.Write(b[:n])
	return n, err
}

// again reads from the beginning; after it, nothing more is kept.
func (p *replay) again() io.Reader { return io.MultiReader(&p.kept, p.r) }
