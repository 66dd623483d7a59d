package get

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
)

// Error says which download failed, and all that is needed to put the file into its folder by hand.
type Error struct {
	Set  string
	Part data.Part
	Dir  string
	Err  error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	return fmt.Sprintf("get: %s: %v\n  address %s\n  size    %d bytes, sha256 %s\n  folder  %s\n%s",
		e.Set, e.Err, e.Part.URL, e.Part.Size, e.Part.SHA256, e.Dir, e.advice())
}

func (e *Error) advice() string {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "run again: it goes on where it stopped"
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT):
		return "free some space and run again: it goes on where it stopped; or set DYT_CACHE to a folder on another disk"
	case e.unwritable():
		return "make the folder writable or set DYT_CACHE to another one"
	case e.foreign():
		return "remove the file to download it again"
	}
	return "run again: it goes on where it stopped; or put the file into the folder by hand, then run again"
}

func (e *Error) unwritable() bool {
	return errors.Is(e.Err, fs.ErrPermission) || errors.Is(e.Err, syscall.EROFS) || errors.Is(e.Err, syscall.ENOTDIR)
}

func (e *Error) foreign() bool {
	var foreign *Foreign
	return errors.As(e.Err, &foreign)
}

// network says that the other side or the way there is at fault.
func (e *Error) network() bool {
	var gaveUp *GaveUp
	var status Status
	var mismatch *Mismatch
	return errors.As(e.Err, &gaveUp) || errors.As(e.Err, &status) || errors.As(e.Err, &mismatch)
}

// ExitCode returns the tool's exit code for this error.
func (e *Error) ExitCode() int {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return conf.ExitInterrupted
	case e.network():
		return conf.ExitNetwork
	case e.foreign(), e.unwritable():
		return conf.ExitInput
	}
	return conf.ExitFailed
}

// Mismatch is a download or a member of an archive whose size or content is not that of the table.
type Mismatch struct{ Name, Expected, Got string }

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s: expected %s, got %s", m.Name, m.Expected, m.Got)
}

// Foreign is a file that was in the folder before and is not the one of the table.
type Foreign struct{ *Mismatch }

// Status is an answer of the server that more attempts would not change.
type Status int

func (s Status) Error() string {
	text := fmt.Sprintf("the server answered %d %s", int(s), http.StatusText(int(s)))
	if s == http.StatusNotFound || s == http.StatusGone {
		text += ": the file has moved"
	}
	return strings.TrimSpace(text)
}

// GaveUp is the fault of the last of several attempts in a row that brought nothing.
type GaveUp struct {
	Attempts int
	Err      error
}

func (g *GaveUp) Unwrap() error { return g.Err }

func (g *GaveUp) Error() string {
	return fmt.Sprintf("gave up after %d attempts: %v", g.Attempts, g.Err)
}

// passing is a fault that may be gone at the next attempt.
type passing struct {
	err   error
	after time.Duration // what the server asks to wait
}

func (p *passing) Unwrap() error { return p.err }

func (p *passing) Error() string { return p.err.Error() }
