package measure

import (
	"time"

	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// probes are the numbers of tokens at which Probe times one layer: what both take alike is independent of the tokens.
var probes = [2]int{16, 64}

// Cost is what inference and training of one layer take together: Fixed, such as reading the weights and writing their
// gradients, and Token for each token.
type Cost struct{ Fixed, Token time.Duration }

// Probe measures the cost of one layer of the width without norms, each size twice, the first being a warm-up.
func Probe(backend compute.Backend, store *model.Store, width int) (Cost, error) {
	var took [2]time.Duration
	for i, tokens := range probes {
		cases, err := Models(backend, store, []norm.Kind{"identity"}, Llama{Width: width, Layers: 1, Tokens: tokens})
		if err != nil {
			return Cost{}, err
		}
		for _, c := range cases {
			if err := c.Run(); err != nil {
				return Cost{}, err
			}
			start := time.Now()
			if err := c.Run(); err != nil {
				return Cost{}, err
			}
			took[i] += time.Since(start)
		}
	}
	return costOf(took), nil
}

// costOf draws a line through what the probes took. A restless machine may make it fall, or begin below zero: then all of the
// larger probe's time is its tokens'.
func costOf(took [2]time.Duration) Cost {
	token := (took[1] - took[0]) / time.Duration(probes[1]-probes[0])
	fixed := took[1] - token*time.Duration(probes[1])
	if token <= 0 || fixed < 0 {
		return Cost{Token: took[1] / time.Duration(probes[1])}
	}
	return Cost{Fixed: fixed, Token: token}
}

// Fit returns the largest model of the width of which inference and training with so many kinds of norms compute within the
// time and fit into the memory, in bytes: tokens are doubled from 16 to 512, then layers from 1 to 32, then tokens up to the
// paper's 4096. Sizes of l that are not 0 stay.
func (l Llama) Fit(kinds int, cost Cost, within time.Duration, bytes float64) Llama {
	size := l
	if l.Tokens == 0 {
		size.Tokens = 16
	}
	if l.Layers == 0 {
		size.Layers = 1
	}
	fits := func() bool {
		took := time.Duration(kinds*size.Layers) * (cost.Fixed + time.Duration(size.Tokens)*cost.Token)
		return took <= within && size.Bytes(kinds) <= bytes
	}
	grow := func(field *int, asked, most int) {
		for asked == 0 && 2**field <= most {
			*field *= 2
			if !fits() {
				*field /= 2
				return
			}
		}
	}
	grow(&size.Tokens, l.Tokens, 512)
	grow(&size.Layers, l.Layers, 32)
	grow(&size.Tokens, l.Tokens, 4096)
	return size
}
