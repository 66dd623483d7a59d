package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadIDX reads a file of the MNIST family: bytes 0, 0, type, rank, then one big-endian uint32 for each dimension, then
// the elements row-major. Only unsigned bytes (type 8) are read. The file may be gzip-compressed; contents tell. Memory
// grows with what the file holds, not with what its header claims.
func ReadIDX(path string) (dims []int, elements []byte, err error) {
	err = readPlainOrGzip(path, func(r io.Reader) error {
		dims, elements, err = parseIDX(r)
		return err
	})
	return dims, elements, err
}

// maxIDX bounds rank and elements of an IDX file: far above any set of this kind, far below what overflows.
const (
	maxIDXRank  = 8
	maxIDXBytes = 1 << 35
)

func parseIDX(r io.Reader) ([]int, []byte, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, nil, fmt.Errorf("idx: magic number: %w", short(err))
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, nil, fmt.Errorf("idx: magic number: expected 00 00, got %02x %02x: not an IDX file", magic[0], magic[1])
	}
	if magic[2] != 8 {
		return nil, nil, fmt.Errorf("idx: element type: expected 08 (unsigned byte), got %02x", magic[2])
	}
	if magic[3] == 0 || magic[3] > maxIDXRank {
		return nil, nil, fmt.Errorf("idx: rank: expected 1 to %d, got %d", maxIDXRank, magic[3])
	}
	dims, total := make([]int, magic[3]), int64(1)
	for i := range dims {
		var d [4]byte
		if _, err := io.ReadFull(r, d[:]); err != nil {
			return nil, nil, fmt.Errorf("idx: dimension %d of %d: %w", i+1, len(dims), short(err))
		}
		n := int64(binary.BigEndian.Uint32(d[:]))
		if n > 0 && total > maxIDXBytes/n {
			return nil, nil, fmt.Errorf("idx: dimensions %v and %d claim more than %d elements", dims[:i], n, int64(maxIDXBytes))
		}
		dims[i], total = int(n), total*n
	}
	elements, err := readExactly(r, int64(4+4*len(dims)), total)
	if err != nil {
		return nil, nil, fmt.Errorf("idx: dimensions %v: %w", dims, err)
	}
	return dims, elements, nil
}

// readExactly reads n bytes, after which r must end. Offsets in its errors count from `at`, where r stands, and for a
// compressed file mean the uncompressed contents.
func readExactly(r io.Reader, at, n int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(n, 1<<20)))
	got, err := io.Copy(&buf, io.LimitReader(r, n+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("offset %d of %d: %w", at+got, at+n, short(err))
	case got < n:
		return nil, fmt.Errorf("the file is truncated: expected %d bytes, got %d", at+n, at+got)
	case got > n:
		return nil, fmt.Errorf("expected the end of the file at offset %d, got more: the file has another count than its header", at+n)
	}
	return buf.Bytes(), nil
}

// readPlainOrGzip opens a file and lets read have its contents, decompressed if they begin as gzip does. Errors of read
// get the path in front.
func readPlainOrGzip(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	buffered := bufio.NewReaderSize(f, 1<<16)
	var r io.Reader = buffered
	if head, _ := buffered.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("data: %s: gzip: %w", path, err)
		}
		r = z
	}
	if err := read(r); err != nil {
		return fmt.Errorf("data: %s: %w", path, err)
	}
	return nil
}

// short names the end of a file inside a record for what it is.
func short(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is truncated")
	}
	return err
}
