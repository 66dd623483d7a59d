package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Preset string `yaml:"preset"`
	Optim  struct {
		LR     float64 `yaml:"lr"`
		Warmup int     `yaml:"warmup"`
	} `yaml:"optim"`
	Tokens int64         `yaml:"tokens"`
	Seeds  []int         `yaml:"seeds"`
	Offset *bool         `yaml:"offset"`
	Budget time.Duration `yaml:"budget"`
}

func open() (*sample, *Config) {
	s := &sample{Preset: "base", Tokens: 100}
	s.Optim.LR = 1e-3
	return s, Of(s, "default")
}

func TestLayersOverrideInOrderAndRememberTheirSource(t *testing.T) {
	s, c := open()
	preset := *s
	preset.Optim.LR, preset.Tokens = 2e-3, 200
	c.SetFrom(&preset, "preset small")
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("optim: {lr: 3e-3, warmup: 10}\nseeds: [1, 2]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		c.File(path),
		c.Env([]string{"DYT_OPTIM_LR=4e-3", "HOME=x", "DYT_THREADS=2", "DYT_PRESET="}),
		c.Set("budget", "90s", "flag --budget"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.Optim.LR != 4e-3 || s.Optim.Warmup != 10 || s.Tokens != 200 || len(s.Seeds) != 2 || s.Budget != 90*time.Second {
		t.Errorf("resolved %+v", *s)
	}
	for key, want := range map[string]string{
		"preset": "default", "tokens": "preset small", "optim.warmup": path + ":1", "optim.lr": "env DYT_OPTIM_LR", "budget": "flag --budget",
	} {
		if got := c.Source(key); got != want {
			t.Errorf("source of %s = %q, want %q", key, got, want)
		}
	}
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]float64{"1k": 1e3, "64Ki": 65536, "3e8": 3e8, "1_000": 1000, "0.5M": 5e5, "2B": 2e9, "-1": -1} {
		if got, err := Number(text); err != nil || got != want {
			t.Errorf("Number(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "k", "1.2.3", "nan", "inf", "ten"} {
		if got, err := Number(text); err == nil {
			t.Errorf("Number(%q) = %v, want an error", text, got)
		}
	}
}

func TestWrongInputIsNamed(t *testing.T) {
	cases := []struct {
		do   func(c *Config) error
		want string
	}{
		{func(c *Config) error { return c.Set("optim.rl", "1", "flag --optim.rl") }, `unknown key "optim.rl" (did you mean "optim.lr"?)`},
		{func(c *Config) error { return c.YAML([]byte("optim: {lr: 1, wamrup: 3}"), "x.yaml") }, `x.yaml:1: unknown key "optim.wamrup" (did you mean "optim.warmup"?)`},
		{func(c *Config) error { return c.YAML([]byte("optim: 3"), "x.yaml") }, `expected names with values under "optim."`},
		{func(c *Config) error { return c.YAML([]byte("tokens: 1\ntokens: 2"), "x.yaml") }, "x.yaml:2: tokens is given twice"},
		{func(c *Config) error { return c.YAML([]byte("tokens: [1"), "x.yaml") }, "x.yaml"},
		{func(c *Config) error { return c.Env([]string{"DYT_OPTIM_LT=3"}) }, `unknown environment variable DYT_OPTIM_LT (did you mean "DYT_OPTIM_LR"?)`},
		{func(c *Config) error { return c.Set("tokens", "1.5", "flag --tokens") }, "expected a whole number"},
		{func(c *Config) error { return c.Set("offset", "maybe", "flag --offset") }, "expected true or false"},
	}
	for _, k := range cases {
		_, c := open()
		err := k.do(c)
		if err == nil || !strings.Contains(err.Error(), k.want) || Code(err) != ExitUsage {
			t.Errorf("got %v, want %q in it", err, k.want)
		}
	}
}

func TestMissingFileHasItsExitCode(t *testing.T) {
	_, c := open()
	err := c.File(filepath.Join(t.TempDir(), "none.yaml"))
	if Code(err) != ExitInput || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("code %d of %v, want %d and os.ErrNotExist", Code(err), err, ExitInput)
	}
}

func TestCodeOfWrappedErrorSurvives(t *testing.T) {
	err := fmt.Errorf("train: %w", WithCode(errors.New("loss is NaN"), ExitDiverged))
	if got := Code(WithCode(err, ExitFailed)); got != ExitDiverged {
		t.Errorf("code %d, want %d", got, ExitDiverged)
	}
	if Code(nil) != ExitOK || Code(errors.New("x")) != ExitFailed || WithCode(nil, 3) != nil {
		t.Error("codes of nil and plain errors are wrong")
	}
}

func TestTablePrintsWhatSetReads(t *testing.T) {
	s, c := open()
	yes := true
	s.Offset, s.Seeds, s.Budget = &yes, []int{1, 2, 3}, time.Minute
	_, again := open()
	for _, row := range c.Table() {
		if err := again.Set(row[0], row[1], "copy"); err != nil && row[1] != "" {
			t.Errorf("%v: %v", row, err)
		}
	}
	if got, want := fmt.Sprint(again.Table()[4]), "[seeds 1,2,3 copy]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCommentedIsAFileThatSaysWhereValuesCameFrom(t *testing.T) {
	s, c := open()
	for _, err := range []error{c.Set("optim.lr", "2e-3", "flag --optim.lr"), c.Set("seeds", "1,2", "env DYT_SEEDS")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	printed, err := c.Commented()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"preset: base # default\n", "  lr: 0.002 # flag --optim.lr\n", "seeds: [1, 2] # env DYT_SEEDS\n"} {
		if !strings.Contains(string(printed), want) {
			t.Errorf("no %q in\n%s", want, printed)
		}
	}
	again, d := open()
	if err := d.YAML(printed, "again"); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(*again) != fmt.Sprint(*s) {
		t.Errorf("read again as %v, was %v", *again, *s)
	}
}

func TestTakeCopiesTheWantedKeysAlone(t *testing.T) {
	s, c := open()
	other := &sample{Preset: "other", Tokens: 7}
	c.Take(other, "norm.kind", func(key string) bool { return strings.HasPrefix(key, "optim.") })
	if s.Optim.LR != 0 || s.Tokens != 100 || c.Source("optim.lr") != "norm.kind" || c.Source("tokens") != "default" {
		t.Errorf("took %+v, sources %v", *s, c.Sources())
	}
}
