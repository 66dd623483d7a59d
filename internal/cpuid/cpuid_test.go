package cpuid

import (
	"strings"
	"testing"
)

func TestChooseHonoursTheOverride(t *testing.T) {
	for _, f := range Flavours {
		got, err := choose(string(f), "")
		if Has(f) && (err != nil || got != f) {
			t.Errorf("choose(%s) = %q, %v", f, got, err)
		}
		if !Has(f) && (err == nil || !strings.Contains(err.Error(), "this machine has no")) {
			t.Errorf("choose(%s) on a machine without it: %v", f, err)
		}
	}
	if got, err := choose("", ""); err != nil || got != Best() {
		t.Errorf("choose() = %q, %v; want %q", got, err, Best())
	}
}

func TestChooseRefusesWhatItCannotKeep(t *testing.T) {
	for _, k := range [][3]string{
		{"avx1024", "", "expected one of ref, avx2, avx512"},
		{"ref", "avx2", "DYT_REQUIRE=avx2: the chosen flavour is ref"},
		{"ref", "avx3", "DYT_REQUIRE=avx3: expected one of ref, avx2, avx512"},
	} {
		_, err := choose(k[0], k[1])
		if err == nil || !strings.Contains(err.Error(), k[2]) {
			t.Errorf("choose(%q, %q): %v, want %q in it", k[0], k[1], err, k[2])
		}
	}
}
