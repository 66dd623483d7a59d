package get

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/dyt-go/dyt/data"
)

// unpack takes the members of p out of a .tar.gz whose checksum was right, and removes it. Names in the archive are compared
// with the table and never used as paths, so nothing can land outside the folder; links and other entries are passed over.
func (f *fetcher) unpack(ctx context.Context, archive string, p data.Part) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	wanted := map[string]data.File{}
	files := p.Files()
	for i, m := range p.Members {
		wanted[m.Path] = files[i]
	}
	for entries := tar.NewReader(zip); len(wanted) > 0; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		name := path.Clean(entry.Name)
		file, ok := wanted[name]
		if !ok {
			continue
		}
		if err := f.member(ctx, entries, entry, file); err != nil {
			return fmt.Errorf("%s: %s: %w", archive, name, err)
		}
		delete(wanted, name)
	}
	for name := range wanted {
		return fmt.Errorf("%s: expected a member %s, found none", archive, name)
	}
	in.Close() // before it is removed, for Windows
	return os.Remove(archive)
}

// member stores one entry under its own name when its content is right.
func (f *fetcher) member(ctx context.Context, r io.Reader, entry *tar.Header, want data.File) error {
	if entry.Typeflag != tar.TypeReg || entry.Size != want.Size {
		return fmt.Errorf("expected a file of %d bytes, got type %q of %d bytes", want.Size, entry.Typeflag, entry.Size)
	}
	to := filepath.Join(f.dir, want.Name)
	out, err := os.Create(to + incomplete)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), f.told(ctx, r, "unpack", want))
	if err == nil {
		err = compare(want.Name, sum, want)
	}
	if err == nil {
		err = out.Sync()
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(to + incomplete)
		return err
	}
	return finish(to)
}
