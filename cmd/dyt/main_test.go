package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/sampledata"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	testscript.Main(exitReporter{m}, map[string]func(){"dyt": mainAsUser})
}

// exitReporter ends a test run with the line that counts the skips for want of sample data.
type exitReporter struct{ m *testing.M }

func (r exitReporter) Run() int { return sampledata.Run(r.m) }

// TestScripts runs testdata/script/*.txtar: each is a session of a user with files, commands and what they print. Beside
// testscript's own commands there are
//
//	code N dyt ...        the command ends with exit code N
//	schema NAME FILE      FILE (or stdout) is JSON that docs/schema/NAME.json accepts; of a .jsonl, each line is
//	plain FILE            FILE (or stderr, stdout) holds no control character but newline and tab
//	waitfor FILE TEXT     waits until a command in the background has written TEXT to FILE
func TestScripts(t *testing.T) {
	schemas, err := filepath.Abs(filepath.Join("..", "..", "docs", "schema"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			if path, err := exec.LookPath("dyt"); err == nil {
				env.Setenv("DYT", path)
			}
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("DYT_CACHE", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("DYT_DATA", os.Getenv("DYT_DATA"))
			env.Setenv("GOROOT", os.Getenv("GOROOT"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "sampledata":
				return os.Getenv("DYT_DATA") != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":    wantCode,
			"plain":   plain,
			"waitfor": waitFor,
			"schema":  func(ts *testscript.TestScript, neg bool, args []string) { validate(ts, schemas, args) },
		},
	})
}

func wantCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s: exit code %s, expected %s", strings.Join(args[1:], " "), got, args[0])
	}
}

func plain(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		for i, r := range ts.ReadFile(name) {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
				ts.Fatalf("%s: control character %q at byte %d", name, r, i)
			}
		}
	}
}

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE TEXT")
	}
	for range 600 {
		if content, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(content), args[1]) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("waitfor: no %q in %s after a minute", args[1], args[0])
}

func validate(ts *testscript.TestScript, schemas string, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: schema NAME FILE")
	}
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(schemas, args[0]+".json"))
	ts.Check(err)
	values := []string{ts.ReadFile(args[1])}
	if strings.HasSuffix(args[1], ".jsonl") {
		values = strings.Split(strings.TrimSuffix(values[0], "\n"), "\n")
	}
	for _, text := range values {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		ts.Check(err)
		ts.Check(schema.Validate(value))
	}
}

// TestEveryCommandIsDescribed keeps the help complete: a line, an example, and a schema of what --json prints.
func TestEveryCommandIsDescribed(t *testing.T) {
	for _, command := range commands {
		cmd := command(&console{})
		if cmd.Short == "" || cmd.Example == "" || cmd.RunE == nil || cmd.Args == nil {
			t.Errorf("%s: lacks a short text, an example, an action or a check of its arguments", cmd.Name())
		}
		content, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", cmd.Name()+".json"))
		if err != nil {
			t.Errorf("%s: no schema of its JSON: %v", cmd.Name(), err)
			continue
		}
		if !json.Valid(content) {
			t.Errorf("docs/schema/%s.json is not JSON", cmd.Name())
		}
		if _, err := os.Stat(filepath.Join("testdata", "script", cmd.Name()+".txtar")); err != nil {
			t.Errorf("%s: no script in testdata/script", cmd.Name())
		}
	}
}

// TestExamplesParse runs the flag parser over every example of the help, so that no example names a flag that is gone.
func TestExamplesParse(t *testing.T) {
	for _, command := range commands {
		for line := range strings.Lines(command(&console{}).Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
			args := strings.Fields(line)
			if len(args) == 0 {
				continue
			}
			cmd := command(&console{})
			if args[0] != "dyt" || args[1] != cmd.Name() {
				t.Errorf("example %q does not start with dyt %s", line, cmd.Name())
				continue
			}
			addGlobalFlags(cmd, &console{})
			if err := parseOnly(cmd, args[2:]); err != nil {
				t.Errorf("example %q: %v", line, err)
			}
		}
	}
}

func parseOnly(cmd *cobra.Command, args []string) error {
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestExitCodeOfBadFlag(t *testing.T) {
	var out, errs strings.Builder
	if got := run(context.Background(), []string{"version", "--jsn"}, &out, &errs); got != conf.ExitUsage {
		t.Errorf("exit code %d, expected %d", got, conf.ExitUsage)
	}
	if !strings.Contains(errs.String(), `did you mean "json"?`) {
		t.Errorf("no suggestion in %q", errs.String())
	}
}

func TestExitCodeOfTooLittleMemory(t *testing.T) {
	c := &console{out: io.Discard, err: io.Discard}
	if code := c.finish(fmt.Errorf("a step: %w", &cpu.TooLarge{Name: "step", Need: 2, Free: 1})); code != conf.ExitMemory {
		t.Errorf("got exit code %d, expected %d", code, conf.ExitMemory)
	}
}
