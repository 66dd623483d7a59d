package get

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/data"
)

// Plan says what Fetch would do. It asks only for the sizes of files; it reads none and sends nothing.
type Plan struct {
	Set   string `json:"set"`
	Dir   string `json:"dir"`
	Bytes int64  `json:"bytes"` // still to be downloaded
	Steps []Step `json:"steps"`
}

// Step is one download.
type Step struct {
	URL    string   `json:"url"`
	Size   int64    `json:"size"`
	SHA256 string   `json:"sha256"`
	Have   int64    `json:"have"`  // bytes that are there: all, those of an unfinished download, or none
	Files  []string `json:"files"` // what is in the folder afterwards
}

// NewPlan plans a set for dir, or for its place in the cache if dir is empty.
func NewPlan(set data.Set, dir string) (Plan, error) {
	if dir == "" {
		cache, err := data.CacheDir()
		if err != nil {
			return Plan{}, err
		}
		dir = filepath.Join(cache, set.Name)
	}
	plan := Plan{Set: set.Name, Dir: dir}
	for _, p := range set.Parts {
		step := Step{URL: p.URL, Size: p.Size, SHA256: p.SHA256, Have: have(dir, p)}
		for _, file := range p.Files() {
			step.Files = append(step.Files, file.Name)
		}
		plan.Steps = append(plan.Steps, step)
		plan.Bytes += step.Size - step.Have
	}
	return plan, nil
}

// have returns how many bytes of p need no download.
func have(dir string, p data.Part) int64 {
	whole := true
	for _, file := range p.Files() {
		whole = whole && size(filepath.Join(dir, file.Name)) == file.Size
	}
	path := filepath.Join(dir, source(p).Name)
	if whole || size(path) == p.Size {
		return p.Size
	}
	if n := size(path + incomplete); n <= p.Size {
		return n
	}
	return 0
}

// String is the plan for people, one line a download.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bytes to download into %s\n", p.Set, p.Bytes, p.Dir)
	for _, s := range p.Steps {
		what := "download"
		switch {
		case s.Have == s.Size:
			what = "is there"
		case s.Have > 0:
			what = fmt.Sprintf("go on from byte %d of", s.Have)
		}
		fmt.Fprintf(&b, "  %s %s, %d bytes, sha256 %s\n", what, s.URL, s.Size, s.SHA256)
	}
	return b.String()
}

// size returns the length of a file, or 0 if there is none.
func size(path string) int64 {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}
