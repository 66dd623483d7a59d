package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dyt-go/dyt/internal/host"
	"github.com/spf13/cobra"
)

// finding is one line of the doctor's answer.
type finding struct {
	What  string `json:"what"`
	Value string `json:"value"`
	OK    bool   `json:"ok"`
	Hint  string `json:"hint,omitempty"` // what to do when it is not OK
}

func doctorCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Describe this machine and what dyt finds on it, ready to paste into a bug report",
		Example: "  dyt doctor\n  dyt doctor --json",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			findings := diagnose()
			return c.result(findings, func(w io.Writer) {
				rows := [][]string{}
				for _, f := range findings {
					mark := "ok"
					if !f.OK {
						mark = "!!"
					}
					rows = append(rows, []string{mark, f.What, f.Value})
					if !f.OK {
						rows = append(rows, []string{"", "", f.Hint})
					}
				}
				table(w, rows)
			})
		},
	}
}

func diagnose() []finding {
	h := host.Describe()
	findings := []finding{
		{What: "dyt", Value: host.ThisBuild().String(), OK: true},
		{What: "cpu", Value: fmt.Sprintf("%s, %d threads, %s", h.CPU, h.Threads, strings.Join(h.ISA, " ")), OK: true},
		memory(h),
		backendFinding(),
		goSource(),
		cache(),
		settings(),
	}
	for i := range findings {
		if findings[i].OK {
			findings[i].Hint = ""
		}
	}
	return findings
}

func memory(h host.Info) finding {
	return finding{
		What:  "memory",
		Value: fmt.Sprintf("%.1f GiB, %.1f GiB free", gib(h.MemoryBytes), gib(h.FreeBytes)),
		OK:    h.MemoryBytes == 0 || h.FreeBytes > 1<<30,
		Hint:  "the quickstart needs about 1 GiB; close something or use a smaller --budget",
	}
}

func gib(n uint64) float64 { return float64(n) / (1 << 30) }

func backendFinding() finding {
	f := finding{What: "backend", OK: true}
	backend, err := openBackend(chosenBackend())
	if err != nil {
		f.OK, f.Value, f.Hint = false, err.Error(), "unset DYT_BACKEND, GOMLX_BACKEND or what else the message names"
		return f
	}
	defer backend.Finalize()
	f.Value = backend.Name() + ": " + describe(backend)
	return f
}

func goSource() finding {
	f := finding{What: "go source", Hint: "install Go, or give text with --data; the quickstart falls back to a sample inside the binary"}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	root := strings.TrimSpace(string(out))
	if err != nil || root == "" {
		f.Value = "the go command is not on PATH"
		return f
	}
	f.Value = filepath.Join(root, "src")
	if _, err := os.Stat(f.Value); err != nil {
		f.Value += " is missing"
		return f
	}
	f.OK = true
	return f
}

func cache() finding {
	f := finding{What: "cache", Hint: "set DYT_CACHE to a folder that you may write to"}
	dir := os.Getenv("DYT_CACHE")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			f.Value = err.Error()
			return f
		}
		dir = filepath.Join(base, "dyt")
	}
	f.Value = dir
	probe, err := os.MkdirTemp(existing(dir), ".dyt-probe-")
	if err != nil {
		f.Value += ": not writable"
		return f
	}
	f.OK = os.Remove(probe) == nil
	return f
}

func settings() finding {
	set := []string{fmt.Sprintf("GOMAXPROCS %d", runtime.GOMAXPROCS(0))}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, "DYT_") || strings.HasPrefix(entry, "GOMLX_") {
			set = append(set, entry)
		}
	}
	return finding{What: "settings", Value: strings.Join(set, " "), OK: true}
}
