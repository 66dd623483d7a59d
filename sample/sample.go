// Package sample draws tokens from logits, on the host.
package sample

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Options say how a token is drawn. The filters apply in this order: temperature, top-k, top-p.
type Options struct {
	Temperature float64 // logits are divided by it; 0 takes the largest logit
	TopK        int     // only the k likeliest tokens; 0: all
	TopP        float64 // only the likeliest tokens whose probabilities first sum to p or more; 0 or 1: all
}

// Check names the first option out of its range.
func (o Options) Check() error {
	switch {
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 1):
		return fmt.Errorf("sample: temperature is %v, expected a finite number from 0", o.Temperature)
	case o.TopK < 0:
		return fmt.Errorf("sample: top-k is %d, expected 0 (all) or more", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return fmt.Errorf("sample: top-p is %v, expected a number from 0 to 1 (0 or 1: all)", o.TopP)
	}
	return nil
}

// Candidate is a token that may be drawn.
type Candidate struct {
	ID int
	P  float64
}

// Candidates returns what may be drawn from logits and its probabilities, likeliest first; of equal ones the smaller id.
// Probabilities are softmax(logits / temperature) in float64, renormalised over what the filters leave.
func (o Options) Candidates(logits []float32) []Candidate {
	order := make([]Candidate, len(logits))
	for id, logit := range logits {
		order[id] = Candidate{id, float64(logit)}
	}
	slices.SortFunc(order, func(a, b Candidate) int { return cmp.Or(cmp.Compare(b.P, a.P), cmp.Compare(a.ID, b.ID)) })
	if o.Temperature == 0 {
		return []Candidate{{order[0].ID, 1}}
	}
	if o.TopK > 0 {
		order = order[:min(o.TopK, len(order))]
	}
	top := order[0].P
	for i := range order {
		order[i].P = math.Exp((order[i].P - top) / o.Temperature)
	}
	normalize(order)
	if o.TopP > 0 && o.TopP < 1 {
		sum := 0.0
		for i, c := range order {
			if sum += c.P; sum >= o.TopP {
				order = order[:i+1]
				break
			}
		}
		normalize(order)
	}
	return order
}

func normalize(c []Candidate) {
	sum := 0.0
	for _, one := range c {
		sum += one.P
	}
	for i := range c {
		c[i].P /= sum
	}
}

// Draw returns a token: the first candidate at which the cumulated probability passes a uniform number of random.
func (o Options) Draw(logits []float32, random *rand.Rand) int {
	candidates := o.Candidates(logits)
	if len(candidates) == 1 {
		return candidates[0].ID
	}
	u := random.Float64()
	for _, c := range candidates {
		if u -= c.P; u < 0 {
			return c.ID
		}
	}
	return candidates[len(candidates)-1].ID // the sum of the probabilities was a rounding error below 1
}
