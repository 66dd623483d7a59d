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
	Update     time.Duration // the median of those after it
	Evaluation time.Duration // one validation pass, compilation included
}

// calibration updates are timed, fewer when they take longer than the limit.
const calibration = 7

// Calibrate measures the speed of a recipe by a few updates and an evaluation of a run that is thrown away. With more than
// limit spent on updates it stops, and guesses that the evaluation takes a third of an update a batch.
func Calibrate(ctx context.Context, backend compute.Backend, r Recipe, d *data.Dataset, limit time.Duration) (Speed, error) {
	run, err := Open(backend, r, d, "")
	if err != nil {
		return Speed{}, err
	}
	defer run.Close()
	run.began = time.Now()
	var s Speed
	var times []time.Duration
	for i := range calibration + 1 {
		if err := context.Cause(ctx); err != nil {
			return s, err
		}
		start := time.Now()
		if _, err := run.update(); err != nil {
			return s, err
		}
		if i == 0 {
			s.First = time.Since(start)
		} else {
			times = append(times, time.Since(start))
		}
		if len(times) > 0 && time.Since(run.began) > limit {
			s.Update = median(times)
			s.Evaluation = s.Update / 3 * time.Duration(validationBatches(r, d))
			return s, nil
		}
	}
	s.Update = median(times)
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
