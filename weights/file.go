package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// File is an open file of tensors. Opening reads and checks the header only; a tensor's bytes are read when asked for.
// It is safe for concurrent use until Close.
type File struct {
	path   string
	r      io.ReaderAt
	closer io.Closer
	header *header
	index  map[string]int // name -> position in header.infos
}

// Open opens a safetensors file. A file that breaks a rule of the format gives a *FormatError.
func Open(path string) (*File, error) {
	osFile, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: open: %w", err)
	}
	stat, err := osFile.Stat()
	if err != nil {
		osFile.Close()
		return nil, fmt.Errorf("weights: open: %w", err)
	}
	if !stat.Mode().IsRegular() {
		osFile.Close()
		return nil, fmt.Errorf("weights: open %s: expected a safetensors file, found %s", path, stat.Mode().Type())
	}
	f, err := NewFile(path, osFile, stat.Size())
	if err != nil {
		osFile.Close()
		return nil, err
	}
	f.closer = osFile
	return f, nil
}

// NewFile reads the header of a safetensors file of size bytes from r. path is used in errors only.
func NewFile(path string, r io.ReaderAt, size int64) (*File, error) {
	h, err := readHeader(r, size)
	if err != nil {
		var fe *FormatError
		if errors.As(err, &fe) {
			fe.Path = path
			return nil, fe
		}
		return nil, fmt.Errorf("weights: %s: read header: %w", path, err)
	}
	return newFile(path, r, h), nil
}

func newFile(path string, r io.ReaderAt, h *header) *File {
	f := &File{path: path, r: r, header: h, index: make(map[string]int, len(h.infos))}
	for i, info := range h.infos {
		f.index[info.Name] = i
	}
	return f
}

// readHeader checks the lengths before anything is allocated, then parses the header as a stream.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	if size < 8 {
		return nil, refuse("", HeaderTooSmall, "file has %d bytes, the header length alone takes 8: "+again, size)
	}
	var prefix [8]byte
	if _, err := r.ReadAt(prefix[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > MaxHeader {
		return nil, refuse("", HeaderTooLarge, "header claims %d bytes, the format allows %d: is this a safetensors file?", n, MaxHeader)
	}
	if int64(n) > size-8 {
		return nil, refuse("", InvalidHeaderLength, "header claims %d bytes, the file has %d after the length: "+again, n, size-8)
	}
	return parseHeader(io.NewSectionReader(r, 8, int64(n)), 8+int64(n), size-8-int64(n))
}

// Close closes the file. Tensors that were read stay valid.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Path returns the path that the file was opened with.
func (f *File) Path() string { return f.path }

// Metadata returns the strings stored beside the tensors, or nil. The caller must not change the map.
func (f *File) Metadata() map[string]string { return f.header.metadata }

// Infos describes all tensors in the order of their data. The caller must not change the slice.
func (f *File) Infos() []Info { return f.header.infos }

// Info describes one tensor.
func (f *File) Info(name string) (Info, bool) {
	i, ok := f.index[name]
	if !ok {
		return Info{}, false
	}
	return f.header.infos[i], true
}

// Tensor reads one tensor. A name that the file does not hold is an error that says how many it holds.
func (f *File) Tensor(name string) (Tensor, error) {
	info, ok := f.Info(name)
	if !ok {
		return Tensor{}, fmt.Errorf("weights: %s: tensor %q: not among the %d tensors of the file", f.path, name, len(f.header.infos))
	}
	data := make([]byte, info.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f.r, info.offset, info.Size), data); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return Tensor{}, &FormatError{f.path, name, Truncated, fmt.Sprintf("expected %d bytes at %d, the file ends before: "+again, info.Size, info.offset)}
		}
		return Tensor{}, fmt.Errorf("weights: %s: tensor %q: read: %w", f.path, name, err)
	}
	return Tensor{Name: name, DType: info.DType, Shape: info.Shape, Data: data}, nil
}
