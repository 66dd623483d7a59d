package cpu_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

// whichBackend is a program that prints the backend of compute.New; it imports what stands for %s.
const whichBackend = `package main

import (
	"fmt"
	"os"

	"github.com/gomlx/compute"
%s)

func main() {
	backend, err := compute.New()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(backend.Name())
}
`

// Importing cpu is enough to be the default, whatever other backends a program imports, before or after; GOMLX_BACKEND
// wins. Packages that do not depend on each other are initialised in the order of their import paths, so "example/aaa" comes
// before ours and "zzz.example/zzz" after it.
func TestImportMakesDefault(t *testing.T) {
	if testing.Short() {
		t.Skip("links four programs")
	}
	const ours, goBackend = `"github.com/dyt-go/dyt/cpu"`, `"github.com/gomlx/compute/gobackend"`
	type run struct{ env, want string }
	for _, c := range []struct {
		name    string
		imports []string
		runs    []run // with GOMLX_BACKEND=env; "": not set
	}{
		{"alone", []string{ours}, []run{{"", "dyt"}, {"dyt", "dyt"}, {"go", "Go Backend"}}},
		{"with the Go backend", []string{goBackend, ours}, []run{{"", "dyt"}, {"go", "Go Backend"}}},
		{"after another", []string{`"example/aaa"`, ours}, []run{{"", "dyt"}, {"other", "other"}}},
		{"before another", []string{ours, `"zzz.example/zzz"`}, []run{{"", "dyt"}, {"other", "other"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			binary := buildWhich(t, c.imports)
			for _, r := range c.runs {
				if got := whichOf(t, binary, r.env); got != r.want {
					t.Errorf("GOMLX_BACKEND=%q: compute.New opens %q, expected %q", r.env, got, r.want)
				}
			}
		})
	}
}

// other is a backend package that registers "other" and, as a careless one would, makes nothing of the default.
const other = `package other

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

type backend struct{ compute.Backend }

func (backend) Name() string { return "other" }

func init() {
	compute.Register("other", func(config string) (compute.Backend, error) {
		b, err := gobackend.New(config)
		return backend{b}, err
	})
}
`

// buildWhich builds the program in a module of its own, with the versions of this one, and returns its path.
func buildWhich(t *testing.T, imports []string) string {
	t.Helper()
	root, dir := golden.Root(t), t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		fatal(t, os.MkdirAll(filepath.Dir(path), 0o777))
		fatal(t, os.WriteFile(path, []byte(text), 0o666))
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	fatal(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	fatal(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n")
	mods := rest + "\nrequire github.com/dyt-go/dyt v0.0.0\nreplace github.com/dyt-go/dyt => " + root + "\n"
	for _, name := range []string{"example/aaa", "zzz.example/zzz"} {
		write(name+"/go.mod", "module "+name+"\n"+rest)
		write(name+"/go.sum", string(sum))
		write(name+"/other.go", other)
		mods += "require " + name + " v0.0.0\nreplace " + name + " => ./" + name + "\n"
	}
	write("go.mod", "module which\n"+mods)
	write("go.sum", string(sum))
	write("main.go", strings.ReplaceAll(whichBackend, "%s", "\t_ "+strings.Join(imports, "\n\t_ ")+"\n"))
	binary := filepath.Join(dir, "which.exe")
	command := exec.Command("go", "build", "-mod=mod", "-o", binary, ".")
	command.Dir = dir
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func whichOf(t *testing.T, binary, env string) string {
	t.Helper()
	command := exec.Command(binary)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GOMLX_BACKEND=") {
			command.Env = append(command.Env, v)
		}
	}
	if env != "" {
		command.Env = append(command.Env, "GOMLX_BACKEND="+env)
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
