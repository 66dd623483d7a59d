// Package kernel gathers the kernels of all families into one table per flavour.
//
// It computes nothing itself. A plan holds a pointer to its table, so one process can run any flavour. Read a family's own
// package comment for what its kernels do: elem first.
package kernel

import (
	"github.com/dyt-go/dyt/cpu/kernel/attn"
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
	"github.com/dyt-go/dyt/internal/cpuid"
)

// Table is the kernels of one flavour.
type Table struct {
	Flavour cpuid.Flavour
	Elem    *elem.Table
	Gemm    *gemm.Kernel
	Attn    *attn.Kernel
	Matvec  *matvec.Kernel
}

var tables = []*Table{
	{cpuid.Ref, elem.Ref, gemm.Ref, attn.Ref, matvec.Ref},
	{cpuid.AVX2, elem.AVX2, gemm.AVX2, attn.AVX2, matvec.AVX2},
	{cpuid.AVX512, elem.AVX512, gemm.AVX512, attn.AVX512, matvec.AVX512},
}

// Available lists the tables that this build has and this machine can run, the slowest first.
func Available() []*Table {
	var list []*Table
	for _, t := range tables {
		if t.Elem != nil && cpuid.Has(t.Flavour) {
			list = append(list, t)
		}
	}
	return list
}

// Pick returns the table of the flavour that cpuid chooses; the reference where the build has no assembly.
func Pick() (*Table, error) {
	flavour, err := cpuid.Choose()
	if err != nil {
		return nil, err
	}
	best := tables[0]
	for _, t := range Available() {
		if t.Flavour == flavour {
			best = t
		}
	}
	return best, nil
}
