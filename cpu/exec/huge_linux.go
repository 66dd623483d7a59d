package exec

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const hugePage = 2 << 20

// preferHuge asks the system for pages of 2 MB under b, which is all zeros, where they lie whole within it. What the heap had in
// use before lies in small pages and would stay there, so those go back first; zeros come in their place. It is a wish: a system
// that cannot grant it says so, and pages are small.
func preferHuge(b []byte) {
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (hugePage - 1)
	if whole := (len(b) - skip) / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_DONTNEED)
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_HUGEPAGE)
	}
}
