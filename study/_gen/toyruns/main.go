// Command toyruns trains one small recipe under many seeds and writes a line for each: the pool from which internal/stat
// draws comparisons of a recipe with itself.
//
//	go run ./study/_gen/toyruns > internal/stat/testdata/toyruns.jsonl
//
// The recipe is llama-0.1M with DyT for 150 updates on the built-in sample of Go source. The measure is the one that
// compare decides by, bits per byte of the validation text.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	_ "github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
)

const (
	runs    = 72
	updates = 150
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	backend, err := compute.NewWithConfig("dyt")
	if err != nil {
		return err
	}
	defer backend.Finalize()
	recipe, err := train.Find("llama-0.1M")
	if err != nil {
		return err
	}
	recipe = recipe.WithSteps(updates)
	recipe.Data.Source, recipe.Data.ValTokens = "sample", 1<<14
	recipe.Train.Eval = 0
	d, err := data.Load(ctx, recipe.Data)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	for seed := range uint64(runs) {
		recipe.Train.Seed = seed + 1
		summary, err := trained(ctx, backend, recipe, d)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed+1, err)
		}
		line := struct {
			Seed    uint64  `json:"seed"`
			Loss    float64 `json:"loss"` // bits per byte
			Updates int     `json:"updates"`
		}{seed + 1, summary.Measure(), updates}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func trained(ctx context.Context, backend compute.Backend, r train.Recipe, d *data.Dataset) (train.Summary, error) {
	run, err := train.Open(backend, r, d, "")
	if err != nil {
		return train.Summary{}, err
	}
	defer run.Close()
	if err := run.Train(ctx, nil); err != nil {
		return train.Summary{}, err
	}
	return run.Summary(), nil
}
