//go:build ignore

// Command gomlxtests runs the tests of the GoMLX module that go.mod pins, in a temporary copy, once on this engine and once
// on GoMLX's Go backend, and compares the results by name. scripts/gomlxtests starts it and says how to use it.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	module    = "github.com/gomlx/gomlx"
	goBackend = "go:ops_sequential"
	ours      = "dyt"
)

// The tests open XLA's plugin, which needs cgo and a download, before they look which backend is asked for. This stands in
// for it.
var plugin = map[string]string{
	"xla/go.mod":                             "module github.com/gomlx/go-xla\n",
	"xla/compute/xla/xla.go":                 "package xla\n\nfunc AutoInstall() error { return nil }\n",
	"xla/compute/xla/autoinstall/install.go": "package autoinstall\n",
	"xla/installer/installer.go":             "package installer\n\nfunc HasNvidiaGPU() bool { return false }\n",
}

// engine brings both backends into the tests of a package, whose name stands for %s.
const engine = `package %s

import (
	_ "github.com/dyt-go/dyt/cpu"
	_ "github.com/gomlx/compute/gobackend"
)
`

func main() {
	long := flag.Bool("long", false, "")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./core/...", "./ml/..."}
	}
	dir, err := os.MkdirTemp("", "gomlxtests")
	check(err)
	s := suite{dir: dir, long: *long, said: map[string]string{}, results: map[string]map[string]string{goBackend: {}, ours: {}}}
	err = s.run(packages)
	os.RemoveAll(dir)
	check(err)
	if s.compare() > 0 {
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gomlxtests:", err)
		os.Exit(1)
	}
}

// suite is the tests and what came of them, by backend and by package and test: PASS, SKIP or FAIL.
type suite struct {
	dir     string
	long    bool
	results map[string]map[string]string
	said    map[string]string // by package and test, what those printed that did not pass on this engine
}

func (s *suite) run(packages []string) error {
	if err := s.prepare(); err != nil {
		return err
	}
	list, err := s.command("go", append([]string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}"}, packages...)...).Output()
	if err != nil {
		return fmt.Errorf("list %v: %w", packages, err)
	}
	for line := range strings.Lines(string(list)) {
		path, dir, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		if err := s.test(strings.TrimPrefix(path, module+"/"), dir); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for backend, results := range s.results {
		if !slices.Contains(slices.Collect(maps.Values(results)), "PASS") {
			return fmt.Errorf("no test of %v passes on %s", packages, backend)
		}
	}
	return nil
}

// prepare copies the module to dir/gomlx and makes a workspace of the copy and this module.
func (s *suite) prepare() error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	source, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find %s: %w", module, err)
	}
	if err := os.CopyFS(filepath.Join(s.dir, "gomlx"), os.DirFS(strings.TrimSpace(string(source)))); err != nil {
		return err
	}
	files := maps.Clone(plugin)
	files["go.work"] = fmt.Sprintf("go 1.26.5\n\nuse (\n\t./gomlx\n\t%s\n)\n\nreplace github.com/gomlx/go-xla => ./xla\n", here)
	for name, text := range files {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join(s.dir, "gomlx")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK="+filepath.Join(s.dir, "go.work"))
	return cmd
}

// test runs each test of a package on both backends, in a process of its own: one that panics takes no other with it.
func (s *suite) test(name, dir string) error {
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(tests[0])
	if err != nil {
		return err
	}
	clause := regexp.MustCompile(`(?m)^package (\w+)`).FindSubmatch(text)
	if err := os.Chmod(dir, 0o755); err != nil { // module folders are read-only
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "zz_engine_test.go"), fmt.Appendf(nil, engine, clause[1]), 0o644); err != nil {
		return err
	}
	binary := filepath.Join(s.dir, "tests")
	if out, err := s.command("go", "test", "-c", "-o", binary, "./"+name).CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	list, err := s.command(binary, "-test.list=^Test").Output()
	if err != nil {
		return err
	}
	for _, test := range regexp.MustCompile(`(?m)^Test\w+$`).FindAllString(string(list), -1) {
		for backend, results := range s.results {
			s.one(binary, dir, test, backend, name, results)
		}
	}
	return nil
}

// one runs a test on a backend. What the process does not live to say has no result.
func (s *suite) one(binary, dir, test, backend, name string, results map[string]string) {
	cmd := s.command(binary, "-test.run=^"+test+"$", "-test.v", "-test.timeout=10m", fmt.Sprintf("-test.short=%v", !s.long))
	cmd.Dir, cmd.Env = dir, append(cmd.Env, "GOMLX_BACKEND="+backend)
	out, _ := cmd.CombinedOutput() // failures are read from the lines
	for line := range strings.Lines(string(out)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "--- ")
		if result, full, cut := strings.Cut(rest, ": "); ok && cut {
			full, _, _ = strings.Cut(full, " ")
			results[name+" "+strings.ReplaceAll(full, "/"+backend, "/BACKEND")] = result
		}
	}
	if backend == ours && results[name+" "+test] != "PASS" {
		s.said[name+" "+test] = string(out)
	}
}

// compare prints the table and the differences, and returns how many tests pass on the Go backend alone.
func (s *suite) compare() (bad int) {
	reference, got := s.results[goBackend], s.results[ours]
	printCounts("go", reference)
	printCounts("dyt", got)
	for _, name := range slices.Sorted(maps.Keys(reference)) {
		if reference[name] == "PASS" && got[name] != "PASS" {
			bad++
			fmt.Printf("%spasses on go, on dyt %s: %s\n", s.said[name], cmp.Or(got[name], "did not end"), name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] == "PASS" && reference[name] != "PASS" {
			fmt.Printf("passes on dyt alone: %s\n", name)
		}
	}
	return bad
}

func printCounts(backend string, results map[string]string) {
	count := make(map[string]int)
	for _, result := range results {
		count[result]++
	}
	fmt.Printf("%-4s %5d pass %4d skip %4d fail\n", backend, count["PASS"], count["SKIP"], count["FAIL"])
}
