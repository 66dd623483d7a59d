//go:build !amd64 || purego

package attn

// No assembly here: nil says that the flavour does not exist.
var AVX2, AVX512 *Kernel
