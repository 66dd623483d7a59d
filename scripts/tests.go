//go:build ignore

// Command tests runs go test with its arguments, prints go test's own closing lines and what failing tests say, and in the
// end counts and names every test that was skipped, which go test keeps to itself. It ends with go test's exit code.
//
//	go run scripts/tests.go -short ./...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	said := map[string]string{} // by each test
	passed, skipped := 0, []string{}
	for lines := json.NewDecoder(out); ; {
		var e event
		if lines.Decode(&e) != nil {
			break
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output", e.Action == "output" && e.Test == "" && closing(e.Output):
			fmt.Print(e.Output)
		case e.Action == "output":
			said[name] += e.Output
		case e.Action == "fail":
			fmt.Print(said[name])
		case e.Action == "skip" && e.Test != "":
			skipped = append(skipped, fmt.Sprintf("  %s: %s", strings.TrimPrefix(name, "github.com/dyt-go/dyt/"), reason(said[name])))
		case e.Action == "pass" && e.Test != "":
			passed++
		}
	}
	err = cmd.Wait()
	fmt.Printf("%d tests passed, %d skipped\n", passed, len(skipped))
	for _, line := range skipped {
		fmt.Println(line)
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	} else if err != nil {
		panic(err)
	}
}

// closing says whether a line of a package is its result.
func closing(line string) bool {
	for _, word := range []string{"ok ", "FAIL\t", "---", "panic:", "?"} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}

// reason is the last line that a skipped test said which is not the framework's.
func reason(said string) string {
	text := "no reason given"
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			text = line
		}
	}
	return text
}
