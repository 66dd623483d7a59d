package host

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestFieldReadsTheFirstMatch(t *testing.T) {
	content := "MemTotal:       24689664 kB\nMemAvailable:   12 kB\nmodel name\t: A B\nmodel name\t: C\n"
	if got := kilobytes(field(content, "MemTotal")); got != 24689664<<10 {
		t.Errorf("MemTotal = %d", got)
	}
	if got := field(content, "model name"); got != "A B" {
		t.Errorf("model name = %q", got)
	}
	if got := kilobytes(field(content, "Swap")); got != 0 {
		t.Errorf("a missing field gives %d, want 0", got)
	}
}

func TestDescribeFindsThisMachine(t *testing.T) {
	info := Describe()
	if info.Threads < 1 || info.OS != runtime.GOOS {
		t.Errorf("got %+v", info)
	}
	if runtime.GOOS == "linux" && (info.MemoryBytes == 0 || info.FreeBytes > info.MemoryBytes) {
		t.Errorf("memory %d, free %d", info.MemoryBytes, info.FreeBytes)
	}
}

// TestResidentSeesMemoryThatIsUsed: 64 MiB more, every page written to.
func TestResidentSeesMemoryThatIsUsed(t *testing.T) {
	before := Resident()
	if runtime.GOOS != "linux" {
		if before != 0 {
			t.Errorf("%d bytes where no file says so", before)
		}
		return
	}
	const more = 64 << 20
	used := make([]byte, more)
	for i := 0; i < more; i += 4096 {
		used[i] = 1
	}
	if after := Resident(); before == 0 || after < before+more/2 || after > Describe().MemoryBytes {
		t.Errorf("%d bytes before, %d after %d more", before, after, more)
	}
	runtime.KeepAlive(used)
}

func TestTheLimitOfAContainerCounts(t *testing.T) {
	dir := t.TempDir()
	if _, _, ok := limits(dir); ok {
		t.Error("a folder without files has a limit")
	}
	for name, content := range map[string]string{"memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 300\ninactive_file 200\nfile 400\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if limit, left, ok := limits(dir); limit != 1000 || left != 500 || !ok {
		t.Errorf("limit %d, left %d, %v; expected 1000, 500", limit, left, ok)
	}
	if err := os.WriteFile(filepath.Join(dir, "memory.max"), []byte("max\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := limits(dir); ok {
		t.Error("max is a limit")
	}
}
