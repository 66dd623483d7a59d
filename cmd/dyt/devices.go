package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/internal/stat"
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
	Threads     int      `json:"threads"`               // 0: the backend does not say
	Flavours    []string `json:"flavours"`              // of kernels that this machine can run; the one in use first
	MemoryBytes uint64   `json:"memory_bytes"`          // of the machine; 0: the backend does not say
	PeakGFLOPS  float64  `json:"peak_gflops,omitempty"` // measured now: multiply-adds of the flavour in use
	CopyGBPS    float64  `json:"copy_gbps,omitempty"`   // measured now: a copy beyond the caches
}

func devicesCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "devices",
		Short:   "List what commands can run on: backends, kernels, threads, memory, and how fast the machine is now",
		Example: "  dyt devices\n  dyt devices --json",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			list, err := c.devices()
			if err != nil {
				return err
			}
			return c.result(list, func(w io.Writer) {
				rows := [][]string{{"backend", "device", "threads", "kernels", "memory", "GFLOP/s", "copy GB/s", "what"}}
				for _, d := range list {
					rows = append(rows, d.cells())
				}
				table(w, rows)
			})
		},
	}
}

// cells are a line for readers; what is not known is a dash.
func (d device) cells() []string {
	name := d.Backend
	if d.Default {
		name += " (default)"
	}
	known := func(ok bool, format string, value any) string {
		if !ok {
			return "-"
		}
		return fmt.Sprintf(format, value)
	}
	return []string{name, fmt.Sprint(d.Number), known(d.Threads > 0, "%d", d.Threads), strings.Join(d.Flavours, " "), known(d.MemoryBytes > 0, "%.1f GiB", gib(d.MemoryBytes)),
		known(d.PeakGFLOPS > 0, "%.0f", d.PeakGFLOPS), known(d.CopyGBPS > 0, "%.1f", d.CopyGBPS), d.CPU + ": " + d.Description}
}

// devices lists those of every backend in this binary. One that does not open, for want of a plugin, is said and left out.
func (c *console) devices() ([]device, error) {
	machine, err := openRoofline()
	if err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	defer machine.pool.Close()
	var list []device
	for _, name := range slices.Sorted(maps.Keys(backends)) {
		b, err := openBackend(name)
		if err != nil {
			c.note("%s: %v", name, err)
			continue
		}
		for n := range b.NumDevices() {
			d := device{Backend: name, Number: n, Default: name == defaultBackend, CPU: host.Describe().CPU, Flavours: []string{name}}
			d.Description = b.DeviceDescription(compute.DeviceNum(n)) + ", " + describe(b)
			d.see(machine)
			list = append(list, d)
		}
		b.Finalize()
	}
	return list, nil
}

// see fills in what is known of the processor as a device: all of our engine, and that the Go backend runs one op after the other.
func (d *device) see(machine *roofline) {
	var peaks, copies []float64
	switch d.Backend {
	case defaultBackend:
		d.Threads, d.Flavours, d.MemoryBytes = machine.pool.Size(), flavours(machine.loop.Flavour), host.Describe().MemoryBytes
		for range 9 {
			peaks, copies = append(peaks, machine.gflops()), append(copies, machine.copy(128<<20))
		}
		d.PeakGFLOPS, d.CopyGBPS = stat.Median(peaks), stat.Median(copies)
	case "go":
		d.Threads, d.MemoryBytes = 1, host.Describe().MemoryBytes
	}
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
