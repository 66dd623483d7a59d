// Package get downloads the public data sets of data.Sets from their homes into the cache, or into a folder of choice.
// An interrupted download goes on where it stopped; a file gets its name only when its size and SHA-256 are those of
// the table. It fetches nothing that the table does not name, and it reads no data set: that is package data.
//
// Read this file first, then download.go (one file over HTTP) and unpack.go (archives).
package get

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/dyt-go/dyt/data"
)

// Options says how to download. The zero value is ready.
type Options struct {
	Dir      string         // folder of the set; empty: its place in the cache
	Progress func(Progress) // called often, from the goroutine of Fetch; may be nil
	Client   *http.Client   // nil: one that honours the proxy variables, with timeouts for everything but the body

	Attempts int           // in a row that bring no byte, before giving up; 0: 5
	Pause    time.Duration // before the second attempt; doubles up to a minute; 0: 1 s
	Stall    time.Duration // without a byte before an attempt is given up; 0: 30 s
}

// Progress says how far one file is.
type Progress struct {
	Stage      string // "download", "check" or "unpack"
	File       string // its name in the folder
	Done, Size int64  // bytes
}

// Fetch brings a set into its folder and returns that folder. Files that are there are checked, not fetched again; a
// file that is there with other content is an error, never overwritten. Errors of a download are of type *Error; it
// names everything that is needed to do it by hand. Two processes that fetch one set do double work, but no harm.
func Fetch(ctx context.Context, set data.Set, o Options) (string, error) {
	plan, err := NewPlan(set, o.Dir)
	if err != nil {
		return "", err
	}
	f := newFetcher(plan.Dir, o)
	for _, p := range set.Parts {
		if err := f.part(ctx, p); err != nil {
			return "", &Error{Set: set.Name, Part: p, Dir: plan.Dir, Err: err}
		}
	}
	return plan.Dir, nil
}

type fetcher struct {
	Options
	dir string
}

func newFetcher(dir string, o Options) *fetcher {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Client == nil {
		o.Client = client()
	}
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	return &fetcher{o, dir}
}

// client has no limit for a whole download, which may take hours; Options.Stall watches over the body.
func client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 15 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 15 * time.Second
	t.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: t}
}

// part brings the files of one download into the folder.
func (f *fetcher) part(ctx context.Context, p data.Part) error {
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return err
	}
	missing, err := f.missing(ctx, p.Files())
	if err != nil || len(missing) == 0 {
		return err
	}
	source := source(p)
	if len(p.Members) > 0 { // an archive, which may have been put there by hand
		if missing, err = f.missing(ctx, []data.File{source}); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		if err := f.download(ctx, p.URL, source); err != nil {
			return err
		}
	}
	if len(p.Members) > 0 {
		return f.unpack(ctx, f.path(source), p)
	}
	return nil
}

// missing returns the files that are not there. One that is there and differs is an error.
func (f *fetcher) missing(ctx context.Context, files []data.File) ([]data.File, error) {
	var absent []data.File
	for _, file := range files {
		err := f.check(ctx, f.path(file), file)
		if errors.Is(err, fs.ErrNotExist) {
			absent = append(absent, file)
			continue
		}
		var differs *Mismatch
		if errors.As(err, &differs) {
			return nil, &Foreign{differs}
		}
		if err != nil {
			return nil, err
		}
	}
	return absent, nil
}

func (f *fetcher) path(file data.File) string { return filepath.Join(f.dir, file.Name) }

// source describes what p.URL delivers: the file itself, or the archive that holds the files.
func source(p data.Part) data.File {
	p.Members = nil
	return p.Files()[0]
}
