package ir_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Functions are the same when their texts are, whatever is changed in them.
func TestSameIsEqualText(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"tanh", "tanh"},
		{"tanh", "erf"},
		{"@main(", "@other("},
		{`"n"`, `"m"`},
		{`"a b"`, `"a c"`},
		{"batch:?", "batch:2"},
		{"fused_layer_norm v3, -, -", "fused_layer_norm v3, v3, -"},
		{"1e-05", "2e-05"},
		{"reduce_sum v4 {axes=[1]}", "reduce_sum v4 {axes=[]}"},
		{"[0.1, -Inf, 3e+38]", "[0.1, -Inf, 2e+38]"},
		{"{data=[1]} : i32", "{data=[2]} : i32"},
		{"while v1, v5 @main.1", "while v1, v4 @main.1"},
		{"v5 = mul v1, v2", "v5 = mul v2, v2"},
		{"less_than v0, v2", "less_than v2, v0"},
		{"return v4, v5", "return v0, v5"},
		{"return v9, v6", "return v6, v9"},
		{"  return v9, v6", "  v10 = neg v9 : bf16[8]\n  return v9, v6"},
	} {
		text := strings.Replace(sample, c.from, c.to, 1)
		f, err := ir.Parse(sample)
		if err != nil {
			t.Fatal(err)
		}
		g, err := ir.Parse(text)
		if err != nil {
			t.Fatalf("%q for %q: %v", c.to, c.from, err)
		}
		if want := f.String() == g.String(); ir.Same(f, g) != want || ir.Same(g, f) != want || !ir.Same(f, f) {
			t.Errorf("%q for %q: the same is not %v", c.to, c.from, want)
		}
	}
}

// Attributes of every kind take part.
func TestSameLooksAtAttributes(t *testing.T) {
	rng, same := rand.New(rand.NewPCG(3, 4)), 0
	for _, kind := range ir.Kinds() {
		if kind == ir.Constant {
			continue
		}
		for range 20 {
			f, _ := randomOp(rng, kind)
			g, _ := randomOp(rng, kind)
			want := f.String() == g.String()
			if want {
				same++
			}
			if ir.Same(f, g) != want {
				t.Errorf("the same is not %v:\n%s\n%s", want, f, g)
			}
		}
	}
	if same == 0 {
		t.Error("no two functions had one text")
	}
}
