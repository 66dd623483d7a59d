package main

import (
	"cmp"
	"path/filepath"
	"slices"
)

// memoryRow compares the peak of resident memory of a process that trains the ViT. Of a peer's, what its interpreter and
// imports hold before any work is subtracted; of ours nothing.
const memoryRow = "vit-train-memory/dyt"

// memory measures each engine in a fresh process.
func (b *bench) memory() ([]row, error) {
	file := filepath.Join(b.dir, "memory.safetensors")
	peak := func(name string) (float64, error) {
		e, err := b.start(name)
		if err != nil {
			return 0, err
		}
		defer e.end()
		if name == ours {
			if _, err := e.ask(command{Do: "make", Work: "vit-train", Norm: "dyt", File: file}); err != nil {
				return 0, err
			}
			e.end() // drawing the weights took memory too
			if e, err = b.start(name); err != nil {
				return 0, err
			}
			defer e.end()
		}
		before, err := e.ask(command{Do: "peak"})
		if err != nil {
			return 0, err
		}
		if name == ours {
			before.Bytes = 0
		}
		if _, err := e.ask(command{Do: "load", Work: "vit-train", Norm: "dyt", File: file}); err != nil {
			return 0, err
		}
		if _, err := e.ask(command{Do: "run", N: 5}); err != nil {
			return 0, err
		}
		after, err := e.ask(command{Do: "peak"})
		return float64(after.Bytes-before.Bytes) / (1 << 20), err
	}
	us, err := peak(ours)
	if err != nil {
		return nil, err
	}
	var rows []row
	bar := 1.0
	for _, name := range []string{"torch-eager", "jax"} {
		if b.peers != nil && !slices.Contains(b.peers, name) {
			continue
		}
		b.say("%s: %s", memoryRow, name)
		them, err := peak(name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{Work: memoryRow, Ours: us, Peer: name, PeerMS: them, Ratio: us / them, Bar: &bar, Unit: "MiB"})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.PeerMS, b.PeerMS) })
	return rows, nil
}
