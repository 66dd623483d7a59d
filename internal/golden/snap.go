package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the snapshots in testdata/snap; never touches testdata/oracle")

// Snap compares got with the snapshot testdata/snap/<name> of the module, and fails at the first line that differs.
// With -update it writes got there instead; the change is then reviewed as a diff.
func Snap(t testing.TB, name string, got []byte) {
	t.Helper()
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		t.Fatalf("golden: snapshot %q: expected a name inside testdata/snap", name)
	}
	snap(t, filepath.Join(Root(t), "testdata", "snap", filepath.FromSlash(name)), got, *update)
}

func snap(t testing.TB, path string, got []byte, update bool) {
	t.Helper()
	want, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(want, got):
		return
	case update:
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatalf("golden: %v", err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatalf("golden: %v", err)
		}
		return
	case err != nil:
		t.Fatalf("golden: %v; record it with: go test -run '^%s$' -update", err, t.Name())
	}
	line, wantLine, gotLine := firstDifference(string(want), string(got))
	t.Errorf("golden: %s: line %d differs\nwant: %s\n got: %s\nif the change is meant: go test -run '^%s$' -update, and review the diff",
		path, line, wantLine, gotLine, t.Name())
}

// firstDifference returns the number, from 1, and the text of the first line in which a and b differ. A missing line
// reads "(end of text)".
func firstDifference(a, b string) (line int, inA, inB string) {
	as, bs := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	at := func(lines []string, i int) string {
		if i < len(lines) && lines[i] != "" {
			return lines[i]
		}
		return "(end of text)"
	}
	for line < max(len(as), len(bs)) && at(as, line) == at(bs, line) {
		line++
	}
	return line + 1, strings.TrimSuffix(at(as, line), "\n"), strings.TrimSuffix(at(bs, line), "\n")
}
