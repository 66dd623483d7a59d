package history

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestAppendAddsALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	for _, commit := range []string{"c", "d"} {
		if err := Append(path, Line{Commit: commit, Rows: []Row{{Work: "gemm", Ours: 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	if err != nil || len(lines) != 2 {
		t.Fatalf("%q %v", content, err)
	}
	var last Line
	if err := json.Unmarshal(lines[1], &last); err != nil || last.Commit != "d" || last.Rows[0].Ours != 2 {
		t.Errorf("%+v %v", last, err)
	}
	if err := Append(filepath.Join(path, "below"), Line{}); err == nil {
		t.Error("a file in a file was written")
	}
}
