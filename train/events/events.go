// Package events writes event files, which TensorBoard draws curves and texts from. A run's truth is its metrics.jsonl;
// this is a copy for people who have TensorBoard open. It reads nothing and draws nothing.
//
// Read this file first, then record.go (framing) and message.go (the protocol buffers inside).
package events

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"
)

// Writer appends events to one file. Each event is one write, so that a killed process leaves whole events. It is not
// safe for concurrent use. After a failed write the file ends with the last whole event, and every later call returns
// that error.
type Writer struct {
	file *os.File
	now  func() time.Time
	size int64 // bytes of whole events
	err  error
}

// New makes dir if necessary and begins a file in it. Names begin with the second of now, because TensorBoard reads the
// files of a folder in the order of their names. Bytes depend only on now and on the calls.
func New(dir string, now func() time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	start := now()
	file, err := create(filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.dyt", start.Unix())))
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	w := &Writer{file: file, now: now}
	if err := w.write(event{wall: start, version: true}); err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// create makes a new file, named path or, if that exists, path with a number.
func create(path string) (*os.File, error) {
	name := path
	for n := 1; ; n++ {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) {
			return file, err
		}
		name = fmt.Sprintf("%s.%d", path, n)
	}
}

// Path returns the name of the file.
func (w *Writer) Path() string { return w.file.Name() }

// Scalar adds a point to the curve tag. A tag may group curves with slashes: "eval/loss". The format holds float32.
func (w *Writer) Scalar(step int64, tag string, value float64) error {
	return w.value(step, tag, scalar{float32(value)})
}

// Text shows markdown under tag, for example a run's configuration.
func (w *Writer) Text(step int64, tag, markdown string) error {
	if !utf8.ValidString(markdown) {
		return fmt.Errorf("events: text %q: expected UTF-8", tag)
	}
	return w.value(step, tag, text{markdown})
}

func (w *Writer) value(step int64, tag string, v value) error {
	if tag == "" || !utf8.ValidString(tag) {
		return fmt.Errorf("events: tag %q: expected a name in UTF-8", tag)
	}
	return w.write(event{wall: w.now(), step: step, tag: tag, value: v})
}

// Restart says that a run goes on at step: readers forget what older files of the folder hold of step and later.
func (w *Writer) Restart(step int64) error {
	return w.write(event{wall: w.now(), step: step, restart: true})
}

// write appends one event whole, or none of it.
func (w *Writer) write(e event) error {
	if w.err != nil {
		return w.err
	}
	framed := record(e.marshal())
	if _, err := w.file.Write(framed); err != nil {
		w.err = fmt.Errorf("events: %w", err)
		w.file.Truncate(w.size) // if this fails too, readers stop at the broken event
		return w.err
	}
	w.size += int64(len(framed))
	return nil
}

// Close forces the file to disk and closes it.
func (w *Writer) Close() error {
	err := w.file.Sync()
	if closed := w.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	return w.err
}
