package get

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dyt-go/dyt/data"
)

// While a download lasts, its bytes are in <file>.incomplete and the ETag of the server's version in
// <file>.incomplete.etag. The server then delivers the rest only of that same version (If-Range), else the whole file.
const (
	incomplete = ".incomplete"
	etagSuffix = ".incomplete.etag"
)

// download fetches a file, in as many attempts as it takes. Wherever the bytes came from, only the right ones get the
// file's name. When bytes of several answers do not fit together, it begins once more from nothing.
func (f *fetcher) download(ctx context.Context, url string, file data.File) error {
	path := f.path(file)
	mixed, restarted := size(path+incomplete) > 0, false // mixed: bytes of several answers
	pause, fruitless := f.Pause, 0
	for {
		before := size(path + incomplete)
		err := f.attempt(ctx, url, file)
		whole := err == nil
		if whole {
			if err = f.check(ctx, path+incomplete, file); err == nil {
				return finish(path)
			}
		}
		var differs *Mismatch
		if errors.As(err, &differs) {
			discard(path)
			differs.Name = url
			if whole && mixed && !restarted {
				mixed, restarted = false, true
				continue
			}
			return err
		}
		var p *passing
		if !errors.As(err, &p) {
			return err
		}
		if now := size(path + incomplete); now > before {
			pause, fruitless, mixed = f.Pause, 0, true
		}
		if fruitless++; fruitless >= f.Attempts {
			return &GaveUp{fruitless, err}
		}
		if err := sleep(ctx, max(pause, min(p.after, time.Minute))); err != nil {
			return err
		}
		pause = min(2*pause, time.Minute)
	}
}

// attempt sends one request, for the bytes that are not there yet, and stores what comes. It returns nil when the file
// has its size. Faults that may pass are of type *passing.
func (f *fetcher) attempt(ctx context.Context, url string, file data.File) error {
	path := f.path(file)
	have := size(path + incomplete)
	if have > file.Size {
		discard(path)
		have = 0
	}
	if have == file.Size {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(f.Stall, func() { cancel(&passing{err: fmt.Errorf("no byte for %v", f.Stall)}) })
	defer watch.Stop()

	resp, err := f.ask(ctx, url, path, have)
	if err != nil {
		return fault(ctx, err)
	}
	defer resp.Body.Close()
	if have, err = begin(resp, path, have, file.Size); err != nil {
		return err
	}
	out, err := reopen(path, have, resp.Header.Get("ETag"))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := f.copy(ctx, out, resp.Body, watch, Progress{"download", file.Name, have, file.Size}); err != nil {
		return err
	}
	return out.Sync()
}

// ask sends the request. Bytes are wanted as they are, because sizes and checksums are those of the file.
func (f *fetcher) ask(ctx context.Context, url, path string, have int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "dyt (https://github.com/dyt-go/dyt)")
	req.Header.Set("Accept-Encoding", "identity")
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if etag, err := os.ReadFile(path + etagSuffix); err == nil {
			req.Header.Set("If-Range", string(etag))
		}
	}
	return f.Client.Do(req)
}

// begin reads the head of the answer and returns the place in the file where its body belongs.
func begin(resp *http.Response, path string, have, want int64) (int64, error) {
	total := int64(-1) // what the server says the whole file has
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		have, total = 0, resp.ContentLength
	case code == http.StatusPartialContent:
		from, all, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || from != have {
			discard(path)
			return 0, &passing{err: fmt.Errorf("asked for bytes from %d, the server sends %q", have, resp.Header.Get("Content-Range"))}
		}
		total = all
	case code == http.StatusRequestedRangeNotSatisfiable: // the server's file is shorter than ours: another version
		discard(path)
		return 0, &passing{err: Status(code)}
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return 0, &passing{Status(code), time.Duration(seconds) * time.Second}
	default:
		return 0, Status(code)
	}
	if total >= 0 && total != want {
		return 0, &Mismatch{resp.Request.URL.String(), fmt.Sprintf("%d bytes", want), fmt.Sprintf("an offer of %d: another version", total)}
	}
	return have, nil
}

// reopen opens the unfinished file to write from byte have on. At byte 0 it is a new file of a version called etag.
func reopen(path string, have int64, etag string) (*os.File, error) {
	if have == 0 {
		if err := keepETag(path, etag); err != nil {
			return nil, err
		}
		return os.Create(path + incomplete)
	}
	out, err := os.OpenFile(path+incomplete, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

// copy stores the body. It winds the watch at every read and tells the progress.
func (f *fetcher) copy(ctx context.Context, out io.Writer, body io.Reader, watch *time.Timer, p Progress) error {
	buf := make([]byte, 128<<10)
	for {
		f.Progress(p)
		n, err := body.Read(buf)
		watch.Reset(f.Stall)
		if p.Done+int64(n) > p.Size {
			return &Mismatch{p.File, fmt.Sprintf("%d bytes", p.Size), "more"}
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		p.Done += int64(n)
		switch {
		case err == io.EOF && p.Done == p.Size:
			f.Progress(p)
			return nil
		case err == io.EOF:
			return &passing{err: fmt.Errorf("the connection ended after %d of %d bytes", p.Done, p.Size)}
		case err != nil:
			return fault(ctx, err)
		}
	}
}

// fault returns what ended a request: the caller's cancellation, the watch, or the network.
func fault(ctx context.Context, err error) error {
	var stalled *passing
	switch {
	case errors.As(context.Cause(ctx), &stalled):
		return stalled
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &passing{err: err}
}

// contentRange reads "bytes 5-9/10"; all is -1 for "*".
func contentRange(header string) (from, all int64, ok bool) {
	rest, ok := strings.CutPrefix(header, "bytes ")
	span, total, cut := strings.Cut(rest, "/")
	first, _, dash := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	all = -1
	if err == nil && total != "*" {
		all, err = strconv.ParseInt(total, 10, 64)
	}
	return from, all, ok && cut && dash && err == nil
}

// keepETag remembers the version that the download began with. A weak ETag does not promise equal bytes and is no use.
func keepETag(path, etag string) error {
	if etag == "" || strings.HasPrefix(etag, "W/") {
		if err := os.Remove(path + etagSuffix); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	return os.WriteFile(path+etagSuffix, []byte(etag), 0o666)
}

// discard forgets an unfinished download.
func discard(path string) {
	os.Remove(path + incomplete)
	os.Remove(path + etagSuffix)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
