package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"github.com/dyt-go/dyt/report"
)

// Notes are what a report says beside what the run folders hold. They stand in report.json, so that a report can be drawn
// again while its runs go on and after.
type Notes struct {
	Lead       string             `json:"lead"`
	Command    string             `json:"command"`
	References []report.Reference `json:"references"`
	Identity   []report.Facts     `json:"identity"`
}

const notesFile = "report.json"

// Write puts the notes into a folder of a run or a comparison.
func (n Notes) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("train: folder of the report: %w", err)
	}
	return writeJSON(filepath.Join(dir, notesFile), n)
}

// Keep is Write for a command that goes on: references that are there stay.
func (n Notes) Keep(dir string) error {
	var before Notes
	if err := readJSON(filepath.Join(dir, notesFile), &before); err != nil {
		return err
	}
	if n.References == nil {
		n.References = before.References
	}
	return n.Write(dir)
}

// Draw arranges a folder of a run or a comparison for the report, as it stands; going says that a process is at work on it.
func Draw(dir string) (s report.Study, going bool, err error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return s, false, fmt.Errorf("train: %s is a file; expected the folder of a run or a comparison", dir)
	}
	var n Notes
	if err := readJSON(filepath.Join(dir, notesFile), &n); err != nil {
		return s, false, err
	}
	switch {
	case IsRanking(dir):
		r, err := ReadRanking(dir)
		if err != nil {
			return s, false, err
		}
		s, going = r.Study(), r.going(dir)
	case IsComparison(dir):
		c, err := ReadTwins(dir)
		if err != nil {
			return s, false, err
		}
		s, going = c.Study(), c.going(dir)
	default:
		r, err := ReadRun(dir)
		if err != nil {
			return s, false, err
		}
		s, going = r.Study(), r.going()
	}
	if n.Lead != "" {
		s.Lead = n.Lead
	}
	s.Command, s.References = n.Command, n.References
	s.Identity = slices.Concat(s.Identity, n.Identity)
	return s, going, nil
}

func (r *Record) going() bool { return r.Status.State == "running" && alive(r.Status.PID) }

// going of a comparison: pairs are missing, the process of the last run is there, and it did not stop that run.
func (c *Comparison) going(dir string) bool {
	if len(c.Begun) == 0 {
		return false
	}
	var last Status
	baseline, candidate := c.sides()
	for _, seed := range c.Seeds {
		for _, side := range []string{baseline, candidate} {
			var s Status
			if readJSON(filepath.Join(runFolder(dir, side, seed), statusFile), &s) == nil && s.Updated.After(last.Updated) {
				last = s
			}
		}
	}
	return (last.State == "running" || last.State == "done") && alive(last.PID)
}

// alive says whether this machine has a process of that number.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	if runtime.GOOS == "windows" { // FindProcess has looked
		return true
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
