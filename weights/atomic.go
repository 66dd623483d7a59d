package weights

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// AtomicFile writes a file so that path never holds a part of it: into a hidden neighbour, which is forced to disk and
// then renamed; last the folder is forced to disk. When write or the disk fails, path is as it was and the neighbour is
// gone. A process that is killed may leave a neighbour named ".<file>.tmp-<random>".
func AtomicFile(path string, write func(io.Writer) error) error {
	dir, base := filepath.Split(filepath.Clean(path))
	temp := filepath.Join(dir, "."+base+".tmp-"+rand.Text()[:8])
	err := writeSynced(temp, write)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("weights: write %s: %w%s", path, err, advice(err))
	}
	return SyncDir(dir)
}

func writeSynced(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// advice says what to do about an error of the disk, or nothing.
func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; what stood there is unchanged: free some space or write to another disk"
	case errors.Is(err, syscall.EFBIG):
		return "; what stood there is unchanged: raise the limit of file sizes (ulimit -f) or write to another disk"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "; make the folder writable or write to another one"
	case errors.Is(err, fs.ErrNotExist):
		return "; make the folder first"
	}
	return ""
}

// SyncDir forces a folder's list of names to disk, so that a new or renamed file survives a power cut. dir may be empty
// for the working folder. Windows has no such call; there it does nothing.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("weights: sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("weights: sync folder: %w", err)
	}
	return nil
}
