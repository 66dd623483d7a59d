// Package host describes the machine: processor, instruction sets, threads, memory. What cannot be found out is left
// zero. It measures nothing.
package host

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/cpu"
)

// Info is what a report says about the machine it was made on.
type Info struct {
	OS          string   `json:"os"`
	Arch        string   `json:"arch"`
	CPU         string   `json:"cpu"`     // the processor's own name, "" when unknown
	ISA         []string `json:"isa"`     // instruction sets that matter here, smallest first
	Threads     int      `json:"threads"` // threads that Go uses at once
	MemoryBytes uint64   `json:"memory_bytes"`
	FreeBytes   uint64   `json:"free_bytes"` // available without swapping
}

// Describe looks at this machine.
func Describe() Info {
	info := Info{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuName(), ISA: instructionSets(), Threads: runtime.GOMAXPROCS(0)}
	info.MemoryBytes, info.FreeBytes = memory()
	return info
}

func instructionSets() []string {
	var sets []string
	for _, isa := range []struct {
		name string
		has  bool
	}{
		{"avx2", cpu.X86.HasAVX2},
		{"fma", cpu.X86.HasFMA},
		{"avx512", cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL},
		{"avx512vnni", cpu.X86.HasAVX512VNNI},
		{"avx512bf16", cpu.X86.HasAVX512BF16},
		{"neon", cpu.ARM64.HasASIMD},
	} {
		if isa.has {
			sets = append(sets, isa.name)
		}
	}
	return sets
}

// cpuName reads the processor's name where Linux keeps it.
func cpuName() string {
	content, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return field(string(content), "model name")
}

// memory returns total and available bytes, zeros where the system does not say. In a container its limit counts.
func memory() (total, free uint64) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0
	}
	total, free = kilobytes(field(string(content), "MemTotal")), kilobytes(field(string(content), "MemAvailable"))
	if limit, left, ok := limits("/sys/fs/cgroup"); ok {
		total, free = min(total, limit), min(free, left)
	}
	return total, free
}

// limits reads what a control group (version 2) allows and what is left of it; file pages that the kernel may drop count as
// left. ok is false where there is no limit.
func limits(dir string) (limit, left uint64, ok bool) {
	limit, ok = number(filepath.Join(dir, "memory.max"))
	used, known := number(filepath.Join(dir, "memory.current"))
	if !ok || !known {
		return 0, 0, false
	}
	stat, _ := os.ReadFile(filepath.Join(dir, "memory.stat"))
	for line := range strings.Lines(string(stat)) {
		if text, found := strings.CutPrefix(line, "inactive_file "); found {
			cached, _ := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
			used -= min(cached, used)
		}
	}
	return limit, limit - min(used, limit), true
}

// number reads a file that holds one whole number; "max" is none.
func number(path string) (uint64, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 64)
	return n, err == nil
}

// FreeBytes returns how many bytes are available without swapping; 0 where the system does not say.
func FreeBytes() uint64 {
	_, free := memory()
	return free
}

// Resident returns how many bytes of this process are in RAM; 0 where the system does not say.
func Resident() uint64 {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return kilobytes(field(string(content), "VmRSS"))
}

// Load returns how many threads of the whole machine wanted to run, as a mean of the last minute; 0 where the system does
// not say.
func Load() float64 {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(content), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// field returns the text after "name :" in the first line that starts with name.
func field(content, name string) string {
	for line := range strings.Lines(content) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kilobytes(text string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSuffix(text, " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
