//go:build !amd64 || purego

package matvec

// No assembly here: nil says that the flavour does not exist.
var AVX2, AVX512 *Kernel
