//go:build !linux

package exec

// preferHuge does nothing here.
func preferHuge([]byte) {}
