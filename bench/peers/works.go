package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/norm"
)

// workload is a row of the table: what is measured, against whom, and how fast it has to be.
type workload struct {
	name  string // of the row and of --only
	work  string // in bench/work and peer.py
	norm  norm.Kind
	peers []string
	bar   float64 // our time as a share of the best peer's, at most; 0: no bar
	roof  cost    // what the machine has to do at least
	bound float64 // our time as a multiple of the roof's, at most; 0: no bar
	env   []string

	gemmBound float64 // time of all dense products as a multiple of the roof's, at most; 0: not looked at
}

// cost is arithmetic in operations and traffic in bytes; the roof of a workload is the one that is not 0.
type cost struct{ flops, bytes float64 }

var (
	training  = []string{"torch-eager", "torch-compile", "jax"}
	inference = []string{"onnxruntime", "openvino"}
)

// workloads is the whole benchmark. The bars are those that the project set itself, for two threads and float32.
func workloads() []workload {
	var list []workload
	add := func(w workload) { list = append(list, w) }
	for _, kind := range []norm.Kind{norm.DyT, norm.RMSNorm, norm.LayerNorm} {
		add(workload{name: "vit-train/" + string(kind), work: "vit-train", norm: kind, peers: training, bar: 0.65, roof: cost{flops: 3 * vitFlops}, gemmBound: 1 / 0.80})
	}
	add(workload{name: "vit-forward/dyt", work: "vit-forward", norm: norm.DyT, peers: training, bar: 0.80, roof: cost{flops: vitFlops}})
	add(workload{name: "vit-infer/dyt", work: "vit-forward", norm: norm.DyT, peers: inference, bar: 1.05, roof: cost{flops: vitFlops}})
	add(workload{name: "llama-train/dyt", work: "llama-train", norm: norm.DyT, peers: training, bar: 0.58, roof: cost{flops: 3 * llamaFlops}, gemmBound: 1 / 0.80})
	for _, l := range []struct {
		work  string
		peers []string
		bar   float64
		moves float64 // arrays that are read or written
	}{
		{"layer-forward", training, 0.15, 2}, // x, y
		{"layer-both", training, 0.20, 4},    // x, dy, y, dx
		{"layer-warm", []string{"torch-eager", "jax"}, 0.60, 2},
	} {
		for _, kind := range []norm.Kind{norm.DyT, norm.RMSNorm, norm.LayerNorm} {
			add(workload{name: l.work + "/" + string(kind), work: l.work, norm: kind, peers: l.peers, bar: l.bar, roof: cost{bytes: l.moves * 4 * 4096 * 4096}})
		}
	}
	add(workload{name: "gemm", work: "gemm", peers: []string{"torch-eager", "jax"}, roof: cost{flops: 2 << 30}, bound: 1 / 0.88})
	add(workload{name: "vit-train-avx2/dyt", work: "vit-train", norm: norm.DyT, peers: training[:2], bar: 1, roof: cost{flops: 3 * vitFlops},
		env: []string{"DYT_CPU=avx2", "ATEN_CPU_CAPABILITY=avx2"}})
	return list
}

// vitFlops are the matrix products of a forward pass: four dense layers of 12 D^2 weights and two products of heads, a
// layer and token. A training step has three times as many.
const vitFlops = 12 * 32 * 65 * (2*12*192*192 + 2*2*65*192)

// llamaFlops likewise; a causal product needs half of its square.
const llamaFlops = 16 * 128 * (4*(2*(4*128*128+3*128*352)+2*128*128) + 2*256*128)

// only returns the workloads that text names, a row or every row of a family such as vit-train, each against those of its
// peers that are in peers; nil peers are all. A workload that no peer is left for is not among them.
func only(text string, peers []string) ([]workload, error) {
	var chosen []workload
	rows, known := []string{memoryRow}, []string{}
	for _, w := range workloads() {
		rows, known = append(rows, w.name), append(known, w.peers...)
		if text != "" && !names(text, w.name) {
			continue
		}
		if peers != nil {
			w.peers = slices.DeleteFunc(slices.Clone(w.peers), func(p string) bool { return !slices.Contains(peers, p) })
		}
		if len(w.peers) > 0 {
			chosen = append(chosen, w)
		}
	}
	for _, p := range peers {
		if !slices.Contains(known, p) {
			slices.Sort(known)
			return nil, fmt.Errorf("peers: -peers %s: no such peer, expected some of %s", p, strings.Join(slices.Compact(known), ", "))
		}
	}
	if len(chosen) == 0 && !names(text, memoryRow) {
		return nil, fmt.Errorf("peers: -only %s: no such work with these peers, expected one of %s, or what stands before a slash", text, strings.Join(rows, ", "))
	}
	return chosen, nil
}

// names tells whether text names a row: itself, or what stands before its slash.
func names(text, row string) bool {
	family, _, _ := strings.Cut(row, "/")
	return text == row || text == family
}
