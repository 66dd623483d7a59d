package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/norm"
)

func TestANormBringsItsSettingsUnlessTheyAreSaid(t *testing.T) {
	r, err := Layers{Name: "llama-0.1M", By: []Setting{{"norm.kind", "rmsnorm", "flag --norm"}, {"norm.eps", "1e-4", "flag --norm.eps"}}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.WithNorm(norm.RMSNorm)
	if err != nil {
		t.Fatal(err)
	}
	want.Norm.Eps = 1e-4
	if r.Norm != want.Norm {
		t.Errorf("norm %+v, expected %+v", r.Norm, want.Norm)
	}
	for key, source := range map[string]string{"norm.kind": "flag --norm", "norm.eps": "flag --norm.eps", "norm.alpha": "norm rmsnorm of llama 0.1M", "optim.lr": "preset llama-0.1M"} {
		if got := r.Source(key); got != source {
			t.Errorf("source of %s: %q, expected %q", key, got, source)
		}
	}
}

// TestAShortRunStillHasACurve: the intervals of the preset shrink with the run, what somebody has set stays.
func TestAShortRunStillHasACurve(t *testing.T) {
	for _, c := range []struct {
		steps     int
		by        []Setting
		eval, log int
	}{
		{97, nil, 25, 5},
		{3, nil, 1, 1},
		{4000, nil, 100, 10},
		{97, []Setting{{"train.eval", "0", "flag"}, {"train.log", "50", "flag"}}, 0, 50},
	} {
		r, err := Layers{Name: "llama-0.1M", Steps: c.steps, By: c.by}.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		if r.Train.Eval != c.eval || r.Train.Log != c.log {
			t.Errorf("%d updates, %v: evaluated every %d and logged every %d, expected %d and %d", c.steps, c.by, r.Train.Eval, r.Train.Log, c.eval, c.log)
		}
	}
}

// TestAWiderModelGetsItsAlpha0: the width rule follows the variant, and a value by hand stays.
func TestAWiderModelGetsItsAlpha0(t *testing.T) {
	for _, hand := range []string{"", "0.7"} {
		l := Layers{Name: "llama-0.1M", By: []Setting{{"model.variant", "7B", "flag"}}}
		want := norm.WidthAlpha0(4096)
		if hand != "" {
			l.Files, want.FFN = []string{file(t, "norm: {alpha0: {ffn: "+hand+"}}\nmodel: {variant: 7B}\n")}, 0.7
		}
		r, err := l.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		if r.Norm.Alpha0 != want {
			t.Errorf("alpha0 %+v, expected %+v", r.Norm.Alpha0, want)
		}
	}
}

// TestTheConfigOfARunIsItsRecipe: config.yaml resolves to the recipe that wrote it, whatever layers made that.
func TestTheConfigOfARunIsItsRecipe(t *testing.T) {
	r, d := tiny(t)
	r.Norm.Alpha0.FFN, r.Optim.Warmup, r.Data.Extensions = 0.3, 0.2, []string{}
	dir := t.TempDir()
	open(t, r, d, dir)
	again, err := Layers{Name: dir}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if again.Folder != dir {
		t.Errorf("folder %q, expected %q", again.Folder, dir)
	}
	open(t, again.Recipe, d, dir) // which refuses another recipe
	if again.Norm != r.Norm || again.Train != r.Train || again.Optim.Warmup != r.Optim.Warmup || again.Save != r.Save {
		t.Errorf("read %+v, wrote %+v", again.Recipe, r)
	}
}

func TestStepsAreTokens(t *testing.T) {
	r, err := Layers{Name: "llama-0.1M", Steps: 7}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if r.Train.Tokens != 7*16*64 || r.Steps() != 7 {
		t.Errorf("%d tokens in %d updates, expected 7168 in 7", r.Train.Tokens, r.Steps())
	}
}

func TestWrongLayersAreNamed(t *testing.T) {
	empty := t.TempDir()
	for _, k := range []struct {
		l    Layers
		code int
		want string
	}{
		{Layers{Name: "llama-0.1"}, conf.ExitUsage, `did you mean "llama-0.1M"?`},
		{Layers{Name: "no/such.yaml"}, conf.ExitInput, "no/such.yaml"},
		{Layers{Name: empty}, conf.ExitInput, "config.yaml"},
		{Layers{Name: file(t, "preset: llama-9B\n")}, conf.ExitUsage, "llama-9B"},
		{Layers{Name: file(t, "model: {arch: llama}\n")}, conf.ExitUsage, `no variant ""`},
		{Layers{Name: "llama-0.1M", Environ: []string{"DYT_PRESET=llama-5M"}}, conf.ExitUsage, "name the preset in place of llama-0.1M"},
		{Layers{Name: "llama-0.1M", By: []Setting{{"norm.kind", "batchnorm", "flag"}}}, conf.ExitUsage, "batchnorm"},
		{Layers{Name: "llama-0.1M", By: []Setting{{"model.arch", "rnn", "flag"}}}, conf.ExitUsage, "rnn"},
	} {
		_, err := k.l.Resolve()
		if err == nil || conf.Code(err) != k.code || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%+v: code %d, %v; expected %d with %q", k.l, conf.Code(err), err, k.code, k.want)
		}
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recipe.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
