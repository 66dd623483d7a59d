package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dyt-go/dyt/bench/work"
	"github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/cpu/kernel/roof"
	"github.com/dyt-go/dyt/internal/par"
	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
)

// command is a line that the driver writes to an engine. peer.py knows load, run and peak; make, gemms and roof are for ours.
type command struct {
	Do   string    `json:"do"` // make, load, run, gemms, roof, peak
	Work string    `json:"work"`
	Norm norm.Kind `json:"norm"`
	File string    `json:"file,omitempty"`
	N    int       `json:"n,omitempty"`

	Clock string `json:"clock,omitempty"` // of run and roof: wall, or cpu for the processor time of the whole process
}

// answer is the line that comes back.
type answer struct {
	Values map[string]float64 `json:"values,omitempty"`
	MS     []float64          `json:"ms,omitempty"`
	Bytes  int64              `json:"peak_bytes,omitempty"`
	Roof   *roofs             `json:"roof,omitempty"`
	Gemms  *gemms             `json:"gemms,omitempty"`
	Error  string             `json:"error,omitempty"`
}

// roofs is what the machine does at best, right now.
type roofs struct {
	GFLOPS map[string]float64 `json:"gflops"`    // multiply-adds from registers, by flavour
	Copy   float64            `json:"copy_gbps"` // read and written bytes
}

// gemms is what the matrix products of the loaded workload took, all runs together, and the arithmetic of one run. Products
// of heads, the two of attention and their gradients, are apart: their sizes leave tiles half empty.
type gemms struct {
	Runs       int64   `json:"runs"`
	DenseMS    float64 `json:"dense_ms"`
	DenseFlops float64 `json:"dense_flops"`
	HeadsMS    float64 `json:"heads_ms"`
	HeadsFlops float64 `json:"heads_flops"`
}

// copyBytes is the size of the arrays of the copy: four times the largest last-level cache met so far.
const copyBytes = 128 << 20

// serve is our side of the pipe: it answers each command of in on out.
func serve(in io.Reader, out io.Writer) error {
	backend, err := cpu.New("profile")
	if err != nil {
		return err
	}
	defer backend.Finalize()
	s := server{backend: backend}
	commands, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c command
		if err := commands.Decode(&c); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("peers: serve: %w", err)
		}
		a, err := s.do(c)
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

type server struct {
	backend *cpu.Backend
	before  int // executables that belong to earlier workloads
	loaded  *work.Loaded
	pool    *par.Pool
	copier  *roof.Copier
}

func (s *server) do(c command) (answer, error) {
	switch c.Do {
	case "make":
		file, err := work.Make(s.backend, c.Work, c.Norm)
		if err != nil {
			return answer{}, err
		}
		return answer{}, weights.WriteFile(c.File, file, nil)
	case "load":
		return s.load(c)
	case "run":
		return s.run(c.N, c.Clock)
	case "gemms":
		return s.gemms(), nil
	case "roof":
		return s.roof(c.Clock)
	case "peak":
		bytes, err := peakBytes()
		return answer{Bytes: bytes}, err
	}
	return answer{}, fmt.Errorf("peers: serve: no command %q", c.Do)
}

func (s *server) load(c command) (answer, error) {
	file, err := readTensors(c.File)
	if err != nil {
		return answer{}, err
	}
	s.before = len(s.backend.Executables())
	if s.loaded, err = work.Load(s.backend, c.Work, c.Norm, file); err != nil {
		return answer{}, err
	}
	if s.loaded.Tensors != nil {
		if err := weights.WriteFile(c.File+"."+ours, s.loaded.Tensors, nil); err != nil {
			return answer{}, err
		}
		s.loaded.Tensors = nil
	}
	return answer{Values: s.loaded.Values}, nil
}

func (s *server) run(n int, clock string) (answer, error) {
	var a answer
	for range n {
		ms, err := elapsed(clock, s.loaded.Call)
		if err != nil {
			return a, err
		}
		a.MS = append(a.MS, ms)
	}
	return a, nil
}

// elapsed returns the milliseconds that f takes by a clock.
func elapsed(clock string, f func() error) (float64, error) {
	if clock != cpuClock {
		start := time.Now()
		err := f()
		return float64(time.Since(start).Nanoseconds()) / 1e6, err
	}
	start, err := processorTime()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	end, err := processorTime()
	return float64((end - start).Nanoseconds()) / 1e6, err
}

// gemms looks at the executable that took longest since the workload was loaded: the one that runs again and again.
func (s *server) gemms() answer {
	var longest time.Duration
	a := answer{Gemms: &gemms{}}
	for _, e := range s.backend.Executables()[s.before:] {
		g, all := &gemms{}, time.Duration(0)
		for _, step := range e.Times() {
			all += step.Total
			g.Runs = step.Runs
			switch ms := float64(step.Total.Nanoseconds()) / 1e6; {
			case step.Heads:
				g.HeadsMS, g.HeadsFlops = g.HeadsMS+ms, g.HeadsFlops+step.Flops
			case step.Flops > 0:
				g.DenseMS, g.DenseFlops = g.DenseMS+ms, g.DenseFlops+step.Flops
			}
		}
		if all > longest {
			longest, a.Gemms = all, g
		}
	}
	return a
}

// fmaRounds is one to three milliseconds of multiply-adds.
const fmaRounds = 250_000

// roof measures the machine as long as the engines run: the clock of a core that has just begun differs from that of one at
// work, and a millisecond of one turn hit either.
func (s *server) roof(clock string) (answer, error) {
	if s.pool == nil {
		threads, err := par.Threads()
		if err != nil {
			return answer{}, err
		}
		s.pool, s.copier = par.New(threads), roof.NewCopier(copyBytes)
	}
	ms, err := medianOfTurn(clock, func() { s.copier.GBPerSecond(s.pool) })
	if err != nil {
		return answer{}, err
	}
	r := &roofs{GFLOPS: map[string]float64{}, Copy: 2 * copyBytes / ms / 1e6}
	for _, l := range roof.Loops() {
		ms, err := medianOfTurn(clock, func() { l.Run(s.pool, fmaRounds) })
		if err != nil {
			return answer{}, err
		}
		r.GFLOPS[string(l.Flavour)] = l.Flops(s.pool, fmaRounds) / ms / 1e6
	}
	return answer{Roof: r}, nil
}

// medianOfTurn calls f for a turn, at least three times, and returns the median of the milliseconds of all calls but the first.
func medianOfTurn(clock string, f func()) (float64, error) {
	var all []float64
	for start := time.Now(); len(all) < 3 || time.Since(start) < turnTime; {
		ms, err := elapsed(clock, func() error { f(); return nil })
		if err != nil {
			return 0, err
		}
		all = append(all, ms)
	}
	return stat.Median(all[1:]), nil
}

func readTensors(path string) ([]weights.Tensor, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []weights.Tensor
	for _, info := range f.Infos() {
		t, err := f.Tensor(info.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// peakBytes is the largest resident memory of this process so far.
func peakBytes() (int64, error) {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("peers: peak memory is known on Linux alone: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if text, found := strings.CutPrefix(line, "VmHWM:"); found {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("peers: /proc/self/status has no line VmHWM")
}
