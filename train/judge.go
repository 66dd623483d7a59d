package train

import (
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/stat"
)

// verdictWords are the verdicts as conditions name them.
var verdictWords = map[string]stat.Verdict{
	"better": stat.Better, "worse": stat.Worse, "no-difference": stat.NoDifference, "no-claim": stat.NoClaim, "identical": stat.Identical,
}

// Condition is what a comparison may be asked to fail on: a list, separated by commas, of the verdicts better, worse,
// no-difference, no-claim and identical, and of difference>X, which holds when the mean difference, candidate minus
// baseline, is above X.
type Condition string

// Check returns an error that names the first part that is none of these.
func (c Condition) Check() error {
	_, err := c.holds(&Comparison{})
	return err
}

// Holds returns the first part of the condition that is true of a comparison, "" for none.
func (c Condition) Holds(done *Comparison) string {
	part, _ := c.holds(done)
	return part
}

func (c Condition) holds(done *Comparison) (found string, err error) {
	if c == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(string(c), ",") {
		part = strings.TrimSpace(part)
		limit, isLimit := strings.CutPrefix(strings.ReplaceAll(part, " ", ""), "difference>")
		verdict, isVerdict := verdictWords[part]
		holds := isVerdict && done.Verdict == verdict
		switch {
		case isLimit:
			x, err := conf.Number(limit)
			if err != nil {
				return "", fmt.Errorf("train: condition %q: %w", part, err)
			}
			holds = done.Mean > x
		case !isVerdict:
			return "", fmt.Errorf("train: condition %q: expected better, worse, no-difference, no-claim, identical or difference>X", part)
		}
		if holds && found == "" {
			found = part
		}
	}
	return found, nil
}

// Seeds reads what --seeds says: a number of seeds, from first on, or a list of at least two.
func Seeds(text string, first uint64) ([]uint64, error) {
	var seeds []uint64
	parts := strings.Split(text, ",")
	for _, part := range parts {
		n, err := conf.Number(part)
		if err != nil || n < 0 || n > 1<<53 || n != float64(uint64(n)) {
			return nil, fmt.Errorf("train: seeds %q: expected a number of seeds, or a list such as 1,2,3", text)
		}
		seeds = append(seeds, uint64(n))
	}
	if len(parts) > 1 {
		return seeds, nil
	}
	if seeds[0] < 1 || seeds[0] > 1000 {
		return nil, fmt.Errorf("train: seeds %q: expected from 1 to 1000 of them, or a list such as 1,2,3", text)
	}
	all := make([]uint64, seeds[0])
	for i := range all {
		all[i] = first + uint64(i)
	}
	return all, nil
}
