package train

import (
	"strings"
	"testing"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
)

// TestMethodsAreOptionsOfARecipe: without a norm and with each method in its place a run learns, says what the method
// brings along, and does not warn of a line where a line is meant.
func TestMethodsAreOptionsOfARecipe(t *testing.T) {
	if testing.Short() {
		t.Skip("four runs on the plain backend take a second")
	}
	for _, me := range part.Methods {
		r, d := tiny(t)
		r.Norm, r.Model.Method, r.Optim.LR = norm.None(), me, 2e-3
		run := open(t, r, d, "")
		start, err := run.Start()
		if err != nil {
			t.Fatal(err)
		}
		if w := Warnings(start); len(w) != 0 {
			t.Errorf("%q: %q", me, w)
		}
		finalHash(t, run)
		if first, last := run.lines[0].Loss, run.Summary().Loss; !(last < first-0.02) {
			t.Errorf("%q: the loss went from %v to %v", me, first, last)
		}
		if got := run.Model.Extras(); len(got) != len(me.Extras()) {
			t.Errorf("%q brings along %q", me, got)
		}
	}
	r, _ := tiny(t)
	r.Model.Method = "rezero"
	if _, err := r.Open(); err == nil || !strings.Contains(err.Error(), `"rezero" is unknown`) {
		t.Errorf("method rezero: %v", err)
	}
}
