package exec

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
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

// Memory that the heap had in use before lies in small pages: they must have gone when large ones are asked for, and zeros be there.
func TestLargeArraysLeaveSmallPages(t *testing.T) {
	b := make([]byte, 6*hugePage)
	page := os.Getpagesize()
	for i := 0; i < len(b); i += page {
		b[i] = 0 // the page exists now
	}
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (hugePage - 1)
	whole := b[skip : skip+4*hugePage]
	if n := resident(t, whole); n == 0 {
		t.Fatal("no page that was touched is resident")
	}
	preferHuge(b)
	if n := resident(t, whole); n != 0 {
		t.Errorf("%d small pages are still there", n)
	}
	for i, x := range b {
		if x != 0 {
			t.Fatalf("byte %d is %d, expected 0", i, x)
		}
	}
}

// resident counts the pages of b that are in memory (mincore(2)); b begins at one.
func resident(t *testing.T, b []byte) int {
	t.Helper()
	pages := make([]byte, len(b)/os.Getpagesize())
	if _, _, err := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(unsafe.Pointer(&pages[0]))); err != 0 {
		t.Fatalf("mincore: %v", err)
	}
	n := 0
	for _, p := range pages {
		n += int(p & 1)
	}
	return n
}
