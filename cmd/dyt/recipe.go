package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// recipeHelp is what commands with a RECIPE say about it.
const recipeHelp = `RECIPE is the name of a preset, a YAML file, or the folder of a run. Values come, lowest first, from built-in defaults, the
preset, files, DYT_ variables, flags; every key that --print-config shows is a flag (--optim.lr 3e-3) and a variable
(DYT_OPTIM_LR). Numbers may be written 3e-4, 1_000, 512k, 64Ki.

Presets:
`

// shorthands are flags that are keys under a shorter name.
var shorthands = []struct{ flag, key, usage string }{
	{"norm", "norm.kind", "dyt, rmsnorm, layernorm, derf, ...; its settings are the architecture's own"},
	{"tokens", "train.tokens", "in all: tokens of text, or images"},
	{"batch", "train.batch", "windows, or images, of one micro-batch"},
	{"seed", "train.seed", "of first values, order of the data and all else that is drawn"},
	{"lr", "optim.lr", "highest learning rate"},
}

// recipeFlags are the flags of a command that takes a recipe.
type recipeFlags struct {
	flags *pflag.FlagSet
	files []string
	data  string
	steps int
	print bool
	many  bool // --norm may name several candidates, and methods

	unread bool // the command reads no data
}

// candidates are the names after --norm where it is not one kind of norm: several, or a method, or what is neither.
func (f *recipeFlags) candidates() []string {
	names := strings.Split(f.flags.Lookup("norm").Value.String(), ",")
	_, kind := norm.Lookup(norm.Kind(names[0]))
	if !f.many || len(names) == 1 && (kind || names[0] == "") {
		return nil
	}
	return names
}

func (f *recipeFlags) add(cmd *cobra.Command) {
	f.flags = cmd.Flags()
	f.flags.StringArrayVarP(&f.files, "config", "c", nil, "a YAML file over the recipe; may be given again")
	f.flags.StringVar(&f.data, "data", "", "a text file, a folder of texts or, of a recipe for images, their folder, in place of the recipe's data")
	f.flags.IntVar(&f.steps, "steps", 0, "updates, in place of --tokens")
	f.flags.BoolVar(&f.print, "print-config", false, "print every value with its source as YAML, and do nothing")
	for _, s := range shorthands {
		f.flags.String(s.flag, "", s.usage)
	}
	for _, key := range train.Keys() {
		if f.flags.Lookup(key) == nil && key != "preset" {
			f.flags.String(key, "", "")
			f.flags.MarkHidden(key)
		}
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return presetNames(), cobra.ShellCompDirectiveDefault
	}
	cmd.Long += "\n\n" + recipeHelp
	for _, p := range train.Presets {
		cmd.Long += fmt.Sprintf("  %-18s %s\n  %-18s %s; %s\n", p.Name, p.Note, "", p.Cost, p.Expect)
	}
}

func presetNames() []string {
	names := make([]string, len(train.Presets))
	for i, p := range train.Presets {
		names[i] = p.Name
	}
	return names
}

// resolve makes the recipe that the argument and the flags ask for.
func (f *recipeFlags) resolve(name string) (*train.Resolved, error) {
	l := train.Layers{Name: name, Files: f.files, Environ: os.Environ(), Steps: f.steps, Unread: f.unread}
	if f.flags.Changed("steps") && (f.steps < 1 || f.flags.Changed("tokens") || f.flags.Changed("train.tokens")) {
		return nil, usage("--steps is %d, expected a positive number, and no --tokens beside it", f.steps)
	}
	keys := map[string]string{}
	for _, key := range train.Keys() {
		keys[key] = key
	}
	for _, s := range shorthands {
		keys[s.flag] = s.key
	}
	if f.data != "" {
		source, err := textSource(f.data)
		if err != nil {
			return nil, err
		}
		l.By = append(l.By, train.Setting{Key: "data.path", Text: source.Path, Source: "flag --data"})
		if preset, err := train.Find(name); err != nil || preset.Data.IsText() { // images stay what they are, in another folder
			l.By = append(l.By, train.Setting{Key: "data.source", Text: source.Source, Source: "flag --data"})
		}
	}
	candidates := f.candidates()
	var beside string
	f.flags.Visit(func(flag *pflag.Flag) {
		if len(candidates) > 0 && strings.HasPrefix(flag.Name, "norm") {
			if flag.Name != "norm" {
				beside = flag.Name
			}
			return
		}
		if key := keys[flag.Name]; key != "" {
			l.By = append(l.By, train.Setting{Key: key, Text: flag.Value.String(), Source: "flag --" + flag.Name})
		}
	})
	if beside != "" {
		return nil, usage("--%s: candidates that --norm %s names have their own settings", beside, strings.Join(candidates, ","))
	}
	return l.Resolve()
}

// settings is what --print-config --json prints: an array of these.
type setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// printConfig prints a resolved recipe: a YAML file, or JSON.
func (c *console) printConfig(r *train.Resolved) error {
	if !c.json {
		text, err := r.Commented()
		if err != nil {
			return err
		}
		_, err = c.out.Write(text)
		return err
	}
	list := []setting{}
	for _, row := range r.Table() {
		list = append(list, setting{row[0], row[1], row[2]})
	}
	return c.result(list, nil)
}

// defaultFolder is where a command leaves a run when --out is not given.
func defaultFolder(r *train.Resolved) string {
	name := r.Preset
	if name == "" {
		name = r.Model.Arch + "-" + r.Model.Variant
	}
	return filepath.Join("runs", fmt.Sprintf("%s_%s_s%d", name, r.NormName(), r.Train.Seed))
}

// need says what memory a run needs, and refuses one that needs more than is free.
func (c *console) need(backend compute.Backend, r train.Recipe) error {
	need, err := r.Need(backend)
	if err != nil {
		return trainError(err)
	}
	c.note("memory: %s", need)
	return need.Check(host.Describe().FreeBytes)
}
