package fence

import (
	"syscall"
	"testing"
	"unsafe"
)

// region is pages of memory, of which the first and the last are protected.
type region []byte

// newRegion returns a region and n floats in it, which end where its last page begins, or else begin where its first page ends.
func newRegion(t testing.TB, n int, atEnd bool) (region, []float32) {
	t.Helper()
	page := syscall.Getpagesize()
	inner := (4*n + page) / page * page // one byte at least, so that no array of none is without an address
	r, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("fence: %d bytes of memory: %v", inner+2*page, err)
	}
	for _, outside := range [][]byte{r[:page], r[page+inner:]} {
		if err := syscall.Mprotect(outside, syscall.PROT_NONE); err != nil {
			t.Fatalf("fence: protect a page: %v", err)
		}
	}
	from := page
	if atEnd {
		from = page + inner - 4*n
	}
	return r, unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(r[from:]))), n)
}

func (r region) release() {
	if err := syscall.Munmap(r); err != nil {
		panic(err)
	}
}
