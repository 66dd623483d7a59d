// Package history writes a file such as bench/history.jsonl: a line a run of a benchmark, what ran, on what machine and how busy it
// was. scripts/bench peers and dyt bench write the same lines, so that one reader finds a work's times over commits.
package history

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Row compares a work with one peer. A peer named "avx2 fma peak" or "copy" is the machine itself, at its best in the same run.
type Row struct {
	Work   string   `json:"work"`
	Ours   float64  `json:"ours_ms"` // median
	Peer   string   `json:"peer"`    // empty: the work is what others are compared with
	PeerMS float64  `json:"peer_ms"`
	Ratio  float64  `json:"ratio"`          // of the medians: below 1 we are faster
	Spread float64  `json:"spread"`         // of the ratio: half of its interquartile range over rounds, of dyt bench half of the median's 95 % interval
	Bar    *float64 `json:"bar"`            // Ratio against the best peer, at most; null where there is none
	Unit   string   `json:"unit,omitempty"` // of both figures when they are no milliseconds
}

// Unknown is the commit of a binary that was built without one: by go run or go test, or with -buildvcs=false.
const Unknown = "unknown"

// Line is one run.
type Line struct {
	Time     string             `json:"time"`               // RFC 3339, UTC
	Command  string             `json:"command,omitempty"`  // empty: scripts/bench peers
	Commit   string             `json:"commit"`             // of a binary without one, its version, else Unknown
	Modified bool               `json:"modified,omitempty"` // the working tree had changes
	CPU      string             `json:"cpu"`
	Threads  int                `json:"threads"`
	Clock    string             `json:"clock"` // wall or cpu
	Rounds   int                `json:"rounds"`
	Load     float64            `json:"load"`        // of the machine when the run began, a minute's mean
	GFLOPS   map[string]float64 `json:"peak_gflops"` // of the run, by flavour
	Copy     float64            `json:"copy_gbps"`
	Rows     []Row              `json:"rows"`
}

// Check returns an error when Append could not write to path, so that nothing is measured in vain. It leaves no file where there was none.
func Check(path string) error {
	folder := filepath.Dir(path)
	if at, err := os.Stat(folder); err != nil || !at.IsDir() {
		return fmt.Errorf("there is no folder %s", folder)
	}
	_, missing := os.Lstat(path)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("%w: expected a file to append to", err)
	}
	if missing != nil {
		defer os.Remove(path)
	}
	return f.Close()
}

// Append adds l to the file at path, which is made where there is none.
func Append(path string, l Line) error {
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if _, err := f.Write(append(content, '\n')); err != nil {
		f.Close()
		return fmt.Errorf("history: %w", err)
	}
	return f.Close()
}
