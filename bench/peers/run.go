package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/dyt-go/dyt/internal/cpuid"
	"github.com/dyt-go/dyt/internal/stat"
)

// outcome is a measured workload: of every round one time of each engine and the roofs.
type outcome struct {
	workload
	ms    map[string][]float64
	roofs []roofs
	gemms []gemms // one more than rounds: counted up to the first of them, to the second, ...
}

// Clocks. On a machine that others use too, only processor time compares, and only that of one thread: several wait for each
// other, and waiting threads spin.
const (
	wallClock = "wall"
	cpuClock  = "cpu"
)

// bench runs workloads; engines stay open from one to the next.
type bench struct {
	machine
	peers  []string // nil: all
	clock  string   // wallClock or cpuClock
	rounds int
	dir    string // of files that both sides load
	say    func(format string, args ...any)
	open   map[string]*engine
}

// engine returns the running engine of that name and environment, and starts it when there is none.
func (b *bench) engine(name string, env []string) (*engine, error) {
	key := fmt.Sprint(name, env)
	if b.open[key] == nil {
		e, err := b.start(name, env...)
		if err != nil {
			return nil, err
		}
		b.open[key] = e
	}
	return b.open[key], nil
}

func (b *bench) close() {
	for _, e := range b.open {
		e.end()
	}
}

// run loads w everywhere, checks that all compute the same, and lets the engines run in turn. In each round another one
// begins.
func (b *bench) run(w workload) (*outcome, error) {
	o := &outcome{workload: w, ms: map[string][]float64{}}
	if b.clock == cpuClock {
		o.gemmBound = 0 // steps know wall time alone
	}
	names := append([]string{ours}, w.peers...)
	engines, turns := make([]*engine, len(names)), make([]int, len(names))
	file := filepath.Join(b.dir, w.work+"-"+string(w.norm)+".safetensors")
	var want answer
	for i, name := range names {
		e, err := b.engine(name, w.env)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if _, err := e.ask(command{Do: "make", Work: w.work, Norm: w.norm, File: file}); err != nil {
				return nil, err
			}
		}
		b.say("%s: %s loads", w.name, name)
		got, err := e.ask(command{Do: "load", Work: w.work, Norm: w.norm, File: file})
		if err != nil {
			return nil, err
		}
		if i == 0 {
			want = got
		} else if err := b.agree(w, name, want, got, file); err != nil {
			return nil, err
		}
		engines[i] = e
		if turns[i], err = b.turn(e); err != nil {
			return nil, err
		}
	}
	count := func() error {
		a, err := engines[0].ask(command{Do: "gemms"})
		if err == nil {
			o.gemms = append(o.gemms, *a.Gemms)
		}
		return err
	}
	if err := count(); err != nil {
		return nil, err
	}
	for round := range b.rounds {
		for k := range names {
			i := (round + k) % len(names)
			time.Sleep(pause)
			a, err := engines[i].ask(command{Do: "run", N: 1 + turns[i], Clock: b.clock})
			if err != nil {
				return nil, err
			}
			// The first run of a turn finds the caches full of somebody else's data.
			o.ms[names[i]] = append(o.ms[names[i]], stat.Median(a.MS[1:]))
		}
		time.Sleep(pause)
		a, err := engines[0].ask(command{Do: "roof", Clock: b.clock})
		if err != nil {
			return nil, err
		}
		o.roofs = append(o.roofs, *a.Roof)
		if err := count(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// turnTime is about how long an engine runs before the next has its turn.
const turnTime = 150 * time.Millisecond

// pause is the time before each turn, in which the threads of the engine before fall asleep. After its last run ONNX Runtime
// spins for 45 ms, PyTorch for 8, the others for less than 1 (processor time of their threads, every 20 ms after three runs of
// vit-forward).
const pause = 100 * time.Millisecond

// turn warms e up and returns how many runs of it are a turn: at least one, at most ten.
func (b *bench) turn(e *engine) (int, error) {
	a, err := e.ask(command{Do: "run", N: 3, Clock: b.clock})
	if err != nil {
		return 0, err
	}
	return min(max(int(math.Round(float64(turnTime.Milliseconds())/a.MS[2])), 1), 10), nil
}

func (b *bench) agree(w workload, peer string, want, got answer, file string) error {
	err := agreeValues(peer, want.Values, got.Values)
	if err == nil && want.Values == nil {
		err = agreeFiles(peer, file+"."+ours, file+"."+peer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}

// gemmMS returns for every round the time of the dense products and of the products of heads of one run, and what each
// would take at the peak of the same round, in milliseconds.
func (o *outcome) gemmMS() (dense, densePeak, heads, headsPeak []float64) {
	for i, g := range o.gemms[1:] {
		last, peak := o.gemms[i], o.roofs[i].GFLOPS[o.flavour()]*1e6
		runs := float64(g.Runs - last.Runs)
		dense, densePeak = append(dense, (g.DenseMS-last.DenseMS)/runs), append(densePeak, g.DenseFlops/peak)
		heads, headsPeak = append(heads, (g.HeadsMS-last.HeadsMS)/runs), append(headsPeak, g.HeadsFlops/peak)
	}
	return dense, densePeak, heads, headsPeak
}

// flavour is the flavour of our kernels.
func (o *outcome) flavour() string {
	if slices.Contains(o.env, "DYT_CPU=avx2") {
		return string(cpuid.AVX2)
	}
	return string(cpuid.Best())
}

// roofMS returns for every round the time that the machine needs at its best, in milliseconds, and what bounds it.
func (o *outcome) roofMS() (ms []float64, what string) {
	flavour := o.flavour()
	for _, r := range o.roofs {
		if o.roof.flops > 0 {
			ms, what = append(ms, o.roof.flops/r.GFLOPS[flavour]/1e6), flavour+" fma peak"
		} else {
			ms, what = append(ms, o.roof.bytes/r.Copy/1e6), "copy"
		}
	}
	return ms, what
}
