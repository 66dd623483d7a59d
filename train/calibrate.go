package train

import (
	"context"
	"slices"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/gomlx/compute"
)

// Speed is how long the parts of a run take here.
type Speed struct {
	First      time.Duration // the first update, compilation included
	Update     time.Duration // the median of those after it, which one slow moment does not move
	Evaluation time.Duration // one validation pass, compilation included
}

// most updates that a calibration times.
const mostTimed = 50

// Calibrate measures the speed of a recipe by the updates that fit into limit, one at least, and an evaluation of a run that is
// thrown away. An evaluation longer than limit is not tried: a third of an update a batch is what it takes at least.
func Calibrate(ctx context.Context, backend compute.Backend, r Recipe, d *data.Dataset, limit time.Duration) (Speed, error) {
	run, err := Open(backend, r, d, "")
	if err != nil {
		return Speed{}, err
	}
	defer run.Close()
	run.began = time.Now()
	var s Speed
	var times []time.Duration
	for began := run.began; len(times) == 0 || len(times) < mostTimed && time.Since(began) < limit; {
		if err := context.Cause(ctx); err != nil {
			return s, err
		}
		start := time.Now()
		if _, err := run.update(); err != nil {
			return s, err
		}
		if s.First == 0 {
			s.First = time.Since(start)
			began = time.Now()
		} else {
			times = append(times, time.Since(start))
		}
	}
	s.Update = median(times)
	if s.Evaluation = s.Update / 3 * time.Duration(validationBatches(r, d)); s.Evaluation > limit {
		return s, nil
	}
	start := time.Now()
	var m Metrics
	err = run.evaluate(&m)
	s.Evaluation = time.Since(start)
	return s, err
}

// validationBatches is the length of a validation pass.
func validationBatches(r Recipe, d *data.Dataset) int {
	if !r.Data.IsText() {
		return (d.Images.Valid.Len() + r.Train.Batch - 1) / r.Train.Batch
	}
	return r.Data.ValTokens / (r.Train.Batch * r.Data.Context)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
