package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/internal/par"
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
)

// device is something that a command can run on.
type device struct {
	Backend     string   `json:"backend"` // of --backend
	Number      int      `json:"device"`
	Default     bool     `json:"default"`
	Description string   `json:"description"`
	CPU         string   `json:"cpu"`
	Threads     int      `json:"threads"`
	Flavours    []string `json:"flavours"` // of kernels that this machine can run; the one in use first
	MemoryBytes uint64   `json:"memory_bytes"`
}

func devicesCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "devices",
		Short:   "List what commands can run on: backends, kernels, threads, memory",
		Example: "  dyt devices\n  dyt devices --json",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			list, err := devices()
			if err != nil {
				return err
			}
			return c.result(list, func(w io.Writer) {
				rows := [][]string{{"backend", "device", "threads", "kernels", "memory", "what"}}
				for _, d := range list {
					name := d.Backend
					if d.Default {
						name += " (default)"
					}
					rows = append(rows, []string{name, fmt.Sprint(d.Number), fmt.Sprint(d.Threads), strings.Join(d.Flavours, " "), fmt.Sprintf("%.1f GiB", gib(d.MemoryBytes)), d.CPU + ": " + d.Description})
				}
				table(w, rows)
			})
		},
	}
}

func devices() ([]device, error) {
	h := host.Describe()
	chosen, err := cpuid.Choose()
	if err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	threads, err := par.Threads()
	if err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	var names []string
	for name := range backends {
		names = append(names, name)
	}
	slices.Sort(names)
	var list []device
	for _, name := range names {
		b, err := openBackend(name)
		if err != nil {
			return nil, err
		}
		for n := range b.NumDevices() {
			d := device{Backend: name, Number: n, Default: name == defaultBackend, CPU: h.CPU, Threads: 1, Flavours: []string{"go"}, MemoryBytes: h.MemoryBytes}
			if name == defaultBackend {
				d.Threads, d.Flavours = threads, flavours(chosen)
			}
			d.Description = b.DeviceDescription(compute.DeviceNum(n)) + ", " + describe(b)
			list = append(list, d)
		}
		b.Finalize()
	}
	return list, nil
}

// flavours lists those of this machine, the chosen one first.
func flavours(chosen cpuid.Flavour) []string {
	list := []string{string(chosen)}
	for _, f := range slices.Backward(cpuid.Flavours) {
		if f != chosen && cpuid.Has(f) {
			list = append(list, string(f))
		}
	}
	return list
}
