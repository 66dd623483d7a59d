package exec

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// The kernel marks memory for which large pages were asked for with "hg" (proc(5), smaps).
func TestLargeArraysAskForLargePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent large pages")
	}
	b := alignedBytes(5 * hugePage)
	b[len(b)/2] = 1
	if !isMarked(t, uintptr(unsafe.Pointer(&b[len(b)/2]))) {
		t.Error("10 MB are not marked")
	}
}

// isMarked reports whether the mapping that holds address has the flag.
func isMarked(t *testing.T, address uintptr) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from <= address && address < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			return slices.Contains(strings.Fields(flags), "hg")
		}
	}
	t.Fatalf("no mapping holds %x", address)
	return false
}
