package suggest

import "testing"

func TestTheNearestNameIsMeant(t *testing.T) {
	known := []string{"layernorm", "rmsnorm", "dyt", "derf", "fixup", "optim.lr"}
	for name, want := range map[string]string{
		"rmsnrom":     "rmsnorm", // neighbours swapped
		"dty":         "dyt",
		"fixpu":       "fixup",
		"optim.l":     "optim.lr",  // one missing
		"xderf":       "derf",      // one too many
		"laiernorn":   "layernorm", // two replaced
		"batchnorm2d": "",
		"":            "",
		"convolution": "",
	} {
		if want != "" {
			want = ` (did you mean "` + want + `"?)`
		}
		if got := DidYouMean(name, known); got != want {
			t.Errorf("%q: got %q, expected %q", name, got, want)
		}
	}
}
