package train

import (
	"fmt"
	"math"
)

// Schedule is a number that changes from step to step: a learning rate or a weight decay. Steps count from 0: the first
// update uses At(0).
type Schedule struct {
	Kind   string  // constant or cosine
	Shape  string  // of the warm-up: linear or quadratic
	Warmup int     // steps of warm-up; 0 is none
	Steps  int     // of the whole run
	Base   float64 // the value after warm-up
	End    float64 // the value that a cosine comes down to (or up to) at Steps
}

const (
	constant  = "constant"
	cosine    = "cosine"
	linear    = "linear"
	quadratic = "quadratic"
)

// At returns the value of the update after s earlier ones.
//
// With a linear warm-up of W steps the value rises from 0 at s = 0 to Base at s = W-1, and the cosine runs over the
// remaining N-W steps:
//
//	Base * s/(W-1)                                        s < W    (0 when W = 1)
//	End + (Base-End)/2 * (1 + cos(pi * (s-W)/(N-W)))      s >= W
//
// Source: cosine_scheduler in the training code of ConvNeXt and DINO, which the ViT recipe uses. With a quadratic warm-up
// the cosine runs over all N steps and the smaller of the two counts:
//
//	min( Base * (1-(1-min(s,W)/W)^2),  End + (Base-End)/2 * (1 + cos(pi*s/N)) )
//
// Source: main_training_llama.py of fms-fsdp (the LLaMA recipe). Beyond Steps the value stays End.
func (c Schedule) At(s int) float64 {
	if c.Shape == quadratic {
		return min(c.rise(s), c.fall(s, c.Steps))
	}
	if s < c.Warmup {
		return c.rise(s)
	}
	return c.fall(s-c.Warmup, c.Steps-c.Warmup)
}

// rise is the warm-up.
func (c Schedule) rise(s int) float64 {
	switch {
	case c.Warmup == 0 || s >= c.Warmup:
		return c.Base
	case c.Shape == quadratic:
		left := 1 - float64(s)/float64(c.Warmup)
		return c.Base * (1 - left*left)
	case c.Warmup == 1:
		return 0
	}
	return c.Base * float64(s) / float64(c.Warmup-1)
}

// fall is what follows, s steps into its n.
func (c Schedule) fall(s, n int) float64 {
	switch {
	case c.Kind == constant:
		return c.Base
	case s >= n:
		return c.End
	}
	return c.End + (c.Base-c.End)/2*(1+math.Cos(math.Pi*float64(s)/float64(n)))
}

func (c Schedule) check(what string) error {
	if c.Kind != constant && c.Kind != cosine {
		return fmt.Errorf("train: schedule of the %s: expected constant or cosine, got %q", what, c.Kind)
	}
	if c.Shape != linear && c.Shape != quadratic {
		return fmt.Errorf("train: warm-up of the %s: expected linear or quadratic, got %q", what, c.Shape)
	}
	if c.Warmup < 0 || c.Warmup > c.Steps {
		return fmt.Errorf("train: warm-up of the %s: expected 0 to %d steps, got %d", what, c.Steps, c.Warmup)
	}
	return nil
}
