package get

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/dyt-go/dyt/data"
)

// check reads a file and compares its size and SHA-256; a difference is a *Mismatch.
func (f *fetcher) check(ctx context.Context, path string, want data.File) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() != want.Size {
		return &Mismatch{path, fmt.Sprintf("a file of %d bytes", want.Size), fmt.Sprintf("%v of %d bytes", info.Mode(), info.Size())}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f.told(ctx, in, "check", want)); err != nil {
		return err
	}
	return compare(path, sum, want)
}

func compare(name string, sum hash.Hash, want data.File) error {
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
		return &Mismatch{name, "sha256 " + want.SHA256, got}
	}
	return nil
}

// told returns r, which tells its progress and ends when ctx does.
func (f *fetcher) told(ctx context.Context, r io.Reader, stage string, file data.File) io.Reader {
	return &told{ctx, r, f.Progress, Progress{stage, file.Name, 0, file.Size}}
}

type told struct {
	ctx  context.Context
	r    io.Reader
	tell func(Progress)
	p    Progress
}

func (t *told) Read(b []byte) (int, error) {
	if t.ctx.Err() != nil {
		return 0, t.ctx.Err()
	}
	n, err := t.r.Read(b)
	t.p.Done += int64(n)
	t.tell(t.p)
	return n, err
}

// finish gives a checked file its name, for good: the rename is forced to disk where the system can.
func finish(path string) error {
	if err := os.Rename(path+incomplete, path); err != nil {
		return err
	}
	os.Remove(path + etagSuffix)
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
