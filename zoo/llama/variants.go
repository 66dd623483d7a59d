package llama

import (
	"fmt"

	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/dyt-go/dyt/norm"
)

// size is a row of the table of variants. The counts of the paper's sizes are those of fms-fsdp's configurations
// (llama2_7b, ...) and of the paper's DyT: gamma stays, every norm gets one alpha, the embedding one scalar.
type size struct {
	name                                             string
	vocab, width, layers, heads, kv, hidden, context int
	rmsnorm, dyt                                     int64 // parameters
}

var sizes = []size{
	{"7B", 32000, 4096, 32, 32, 32, 11008, 4096, 6_738_415_616, 6_738_415_682},
	{"13B", 32000, 5120, 40, 40, 40, 13824, 4096, 13_015_864_320, 13_015_864_402},
	{"34B", 32000, 8192, 48, 64, 8, 22016, 4096, 33_743_970_304, 33_743_970_402},
	{"70B", 32000, 8192, 80, 64, 8, 28672, 4096, 68_976_648_192, 68_976_648_354},

	// Laptop sizes read bytes.
	{"0.1M", 256, 48, 2, 3, 3, 128, 64, 80_112, 80_118},
	{"0.87M", 256, 128, 4, 4, 4, 352, 128, 869_504, 869_514},
	{"5M", 256, 256, 6, 8, 8, 704, 256, 4_951_296, 4_951_310},
	{"15M", 256, 384, 8, 6, 6, 1056, 256, 14_653_824, 14_653_842},

	{"test", 64, 32, 2, 4, 2, 48, 16, 19_616, 19_622},
}

// laptop says whether the size is one of ours, which start with fan-in scaling.
func (s size) laptop() bool { return s.width < 1024 }

// Variants returns the names of the table, the paper's sizes first.
func Variants() []string {
	names := make([]string, len(sizes))
	for i, s := range sizes {
		names[i] = s.name
	}
	return names
}

// DefaultNorm returns the architecture's setting of a kind at a variant's width: RMSNorm as in LLaMA (eps 1e-5, no beta),
// point-wise kinds without beta and with alpha0 by the width.
func DefaultNorm(variant string, kind norm.Kind) (norm.Config, error) {
	s, err := lookup(variant)
	if err != nil {
		return norm.Config{}, err
	}
	c := norm.Default(kind)
	c.Offset = kind == norm.LayerNorm
	if kind.Normalizes() {
		c.Eps = 1e-5
		return c, nil
	}
	c.Alpha0 = norm.WidthAlpha0(s.width)
	return c, nil
}

// Open returns a variant with the given norm. Point-wise norms bring the embedding scalar along; norm.None does not.
func Open(variant string, n norm.Config) (*Model, error) {
	s, err := lookup(variant)
	if err != nil {
		return nil, err
	}
	c := Config{Vocab: s.vocab, Width: s.width, Layers: s.layers, Heads: s.heads, KVHeads: s.kv, Hidden: s.hidden, Context: s.context,
		Norm: n, EmbedScale: !n.Kind.Normalizes() && n != norm.None(), RopeTheta: 10000, InitStd: 0.02}
	if s.laptop() {
		c.InitStd = 0
	}
	return New(variant, c)
}

func lookup(variant string) (size, error) {
	for _, s := range sizes {
		if s.name == variant {
			return s, nil
		}
	}
	return size{}, fmt.Errorf("llama: no variant %q%s; there are: %v", variant, suggest.DidYouMean(variant, Variants()), Variants())
}
