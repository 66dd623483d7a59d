package host

import (
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
