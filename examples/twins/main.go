// Command twins trains an RMSNorm network and its DyT twin from Go under two seeds and prints what the comparison says.
// It stops cleanly at Ctrl-C or when its time is over, and goes on from there when it is started again.
//
//	go run ./examples/twins -dir runs/twins
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	_ "github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
)

func main() {
	dir := flag.String("dir", "runs/twins", "folder of the runs")
	limit := flag.Duration("limit", 2*time.Minute, "time, after which the runs are left to be resumed")
	steps := flag.Int("steps", 100, "updates of each run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()

	err := compare(ctx, *dir, *steps)
	var interrupted *train.Interrupted
	switch {
	case errors.As(err, &interrupted):
		fmt.Printf("stopped at step %d; start again to go on\n", interrupted.Step)
	case err != nil:
		log.Fatal(err)
	}
}

func compare(ctx context.Context, dir string, steps int) error {
	candidate, err := train.Find("llama-0.1M") // a recipe; its norm is DyT
	if err != nil {
		return err
	}
	candidate.Data.Source, candidate.Data.ValTokens = "sample", 1<<14 // the Go source in the binary, a short validation
	candidate = candidate.WithSteps(steps)
	baseline, err := candidate.WithNorm(norm.RMSNorm) // the same in everything else
	if err != nil {
		return err
	}
	text, err := data.Load(ctx, candidate.Data)
	if err != nil {
		return err
	}
	backend, err := compute.New()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	twins := train.Twins{Baseline: baseline, Candidate: candidate, Seeds: []uint64{1, 2}}
	result, err := twins.Run(ctx, backend, text, dir, nil, nil)
	if err != nil {
		return err
	}
	for _, pair := range result.Pairs {
		fmt.Printf("seed %d  RMSNorm %.3f  DyT %.3f bits per byte\n", pair.Seed, pair.Baseline.ValBPB, pair.Candidate.ValBPB)
	}
	fmt.Printf("%s\n%s\n", result.Headline(), result.Detail())
	return nil
}
