package stat

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// The bounds of a sound 95 % test: of 200 comparisons without an effect it errs in 10 on average; a binomial count lies in
// 3..19 with probability 0.994. A planted effect of two paired standard deviations is found in 91 % at n = 5.
const (
	trials, pairs  = 200, 5
	fewest, most   = 3, 19
	effect         = 2.0
	leastFoundOf10 = 8
)

func TestVerdictsErrAsOftenAsTheySayOnNormalValues(t *testing.T) {
	random := rand.New(rand.NewPCG(60, 1))
	pool := make([]float64, 60)
	for i := range pool {
		pool[i] = 2.5 + 0.02*random.NormFloat64()
	}
	tryPool(t, pool)
}

// TestVerdictsErrAsOftenAsTheySayOnRuns takes the final losses of real runs of one toy recipe under different seeds.
func TestVerdictsErrAsOftenAsTheySayOnRuns(t *testing.T) {
	file, err := os.Open("testdata/toyruns.jsonl") // study/_gen/toyruns makes it
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pool, err := ReadPool(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(pool) < 60 {
		t.Fatalf("%d runs recorded, want at least 60", len(pool))
	}
	tryPool(t, pool)
}

func tryPool(t *testing.T, pool []float64) {
	t.Helper()
	trial := Trial{Pool: pool, Comparisons: trials, N: pairs, Seed: 2}
	wrong, err := trial.Different()
	if err != nil {
		t.Fatal(err)
	}
	if wrong < fewest || wrong > most {
		t.Errorf("%d of %d comparisons of a recipe with itself claim a difference, want %d..%d", wrong, trials, fewest, most)
	}
	trial.Effect = effect * PairedSD(pool)
	found, err := trial.Different()
	if err != nil {
		t.Fatal(err)
	}
	if found < trials*leastFoundOf10/10 {
		t.Errorf("an effect of %v paired standard deviations was found in %d of %d comparisons, want %d", effect, found, trials, trials*leastFoundOf10/10)
	}
	t.Logf("%d runs: %d of %d false claims; planted effect found in %d", len(pool), wrong, trials, found)
}

func TestTrialNeedsARunForEverySide(t *testing.T) {
	if _, err := (Trial{Pool: make([]float64, 9), N: 5, Comparisons: 1}).Different(); err == nil {
		t.Error("ten runs were drawn from nine")
	}
}

func TestReadPool(t *testing.T) {
	pool, err := ReadPool(strings.NewReader("{\"seed\": 1, \"loss\": 2.5, \"steps\": 40}\n{\"seed\": 2, \"loss\": 2.25}\n"))
	if err != nil || len(pool) != 2 || pool[1] != 2.25 {
		t.Errorf("got %v, %v", pool, err)
	}
	for text, want := range map[string]string{
		`{"seed": 1, "loss": 2}` + "\n" + `{"seed": 1, "loss": 3}`: "line 2",
		`{"loss": 2}`:                 `a new "seed"`,
		`{"seed": 1, "loss": "high"}`: "line 1",
		`not json`:                    "line 1",
	} {
		if _, err := ReadPool(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}
