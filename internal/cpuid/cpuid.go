// Package cpuid says which flavours of kernels this machine can run and which one to use.
//
// A flavour is a set of instructions that kernels are written for. The best one that the machine has is chosen once;
// DYT_CPU names another. The package knows no kernel.
package cpuid

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

// Flavour names a set of instructions.
type Flavour string

const (
	Ref    Flavour = "ref"    // pure Go, every machine
	AVX2   Flavour = "avx2"   // AVX2 and FMA
	AVX512 Flavour = "avx512" // AVX-512 F, BW, DQ, VL
)

// Flavours lists all flavours, the slowest first.
var Flavours = []Flavour{Ref, AVX2, AVX512}

// Has says whether this machine can run f.
func Has(f Flavour) bool {
	x := &cpu.X86
	switch f {
	case Ref:
		return true
	case AVX2:
		return x.HasAVX2 && x.HasFMA
	case AVX512:
		return Has(AVX2) && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL
	}
	return false
}

// Best returns the fastest flavour of this machine.
func Best() Flavour {
	best := Ref
	for _, f := range Flavours {
		if Has(f) {
			best = f
		}
	}
	return best
}

// Choose returns the flavour to use: DYT_CPU when it is set, the best one otherwise. It fails when DYT_CPU names no
// flavour or one that the machine lacks, and when DYT_REQUIRE is set and names no flavour or another than the chosen one.
func Choose() (Flavour, error) {
	return choose(os.Getenv("DYT_CPU"), os.Getenv("DYT_REQUIRE"))
}

func choose(override, require string) (Flavour, error) {
	chosen := Best()
	if override != "" {
		chosen = Flavour(override)
		if !slices.Contains(Flavours, chosen) {
			return "", fmt.Errorf("cpuid: DYT_CPU=%s: expected one of %s", override, names())
		}
		if !Has(chosen) {
			return "", fmt.Errorf("cpuid: DYT_CPU=%s: this machine has no %s; its best flavour is %s", override, override, Best())
		}
	}
	if require != "" && !slices.Contains(Flavours, Flavour(require)) {
		return "", fmt.Errorf("cpuid: DYT_REQUIRE=%s: expected one of %s", require, names())
	}
	if require != "" && require != string(chosen) {
		return "", fmt.Errorf("cpuid: DYT_REQUIRE=%s: the chosen flavour is %s", require, chosen)
	}
	return chosen, nil
}

func names() string {
	list := make([]string, len(Flavours))
	for i, f := range Flavours {
		list[i] = string(f)
	}
	return strings.Join(list, ", ")
}
