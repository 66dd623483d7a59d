package norm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dyt-go/dyt/internal/suggest"
)

// Config is the norm of a whole model as recipes, YAML and JSON write it: one kind, one alpha0 for each role.
type Config struct {
	Kind   Kind    `yaml:"kind" json:"kind"`
	Alpha0 Alphas  `yaml:"alpha0" json:"alpha0"`
	Alpha  Mode    `yaml:"alpha" json:"alpha"`   // learned, fixed or channel
	Shift  bool    `yaml:"shift" json:"shift"`   // Derf's s
	Scale  bool    `yaml:"scale" json:"scale"`   // gamma
	Offset bool    `yaml:"offset" json:"offset"` // beta
	Eps    float64 `yaml:"eps" json:"eps"`       // layernorm and rmsnorm only
}

// Alphas holds the initial alpha of each role.
type Alphas struct {
	Attn  float64 `yaml:"attn" json:"attn"`
	FFN   float64 `yaml:"ffn" json:"ffn"`
	Final float64 `yaml:"final" json:"final"`
}

// Default returns the papers' setting of a kind: alpha learned from 0.5, gamma on, beta on but for RMSNorm, Derf's shift on.
// Architectures change it where the paper does (LLaMA has no beta, and its alpha0 depends on the width).
func Default(kind Kind) Config {
	c := Config{Kind: kind, Alpha: Learned, Alpha0: Alphas{0.5, 0.5, 0.5}, Scale: true, Offset: kind != "rmsnorm", Shift: kind == "derf"}
	if kind.Normalizes() {
		c.Alpha, c.Alpha0, c.Eps = "", Alphas{}, 1e-6
	}
	return c
}

// None is the norm that is not there: the identity, without alpha, gamma and beta.
func None() Config {
	return Config{Kind: "identity", Alpha: Fixed, Alpha0: Alphas{1, 1, 1}}
}

// At returns the layer at a site of the given role, along the last axis.
func (c Config) At(role Role) Spec {
	alpha0 := map[Role]float64{Attn: c.Alpha0.Attn, FFN: c.Alpha0.FFN, Final: c.Alpha0.Final}[role]
	return Spec{Kind: c.Kind, Alpha0: alpha0, Alpha: c.Alpha, Shift: c.Shift, Axis: -1, Scale: c.Scale, Offset: c.Offset, Eps: c.Eps}
}

// Check returns an error that names the first field with an impossible value.
func (c Config) Check() error {
	for _, role := range []Role{Attn, FFN, Final} {
		if err := c.At(role).Check(); err != nil {
			return fmt.Errorf("%w (site %s)", err, role)
		}
	}
	return nil
}

// Check returns an error that names the first field with an impossible value.
func (s Spec) Check() error {
	if _, known := Lookup(s.Kind); !known {
		return fmt.Errorf("norm: kind %q is unknown%s; there are: %v", s.Kind, suggest.DidYouMean(s.Kind, Kinds()), Kinds())
	}
	if s.Kind.Normalizes() {
		return s.checkNormalizing()
	}
	switch {
	case !slices.Contains([]Mode{Learned, Fixed, Channel}, s.Alpha):
		return fmt.Errorf("norm: alpha %q is unknown, expected learned, fixed or channel", s.Alpha)
	case math.IsNaN(s.Alpha0) || math.IsInf(s.Alpha0, 0) || s.Alpha0 == 0:
		return fmt.Errorf("norm: alpha0 = %v, expected a finite number other than 0 (at 0 the layer passes nothing on)", s.Alpha0)
	}
	return nil
}

func (s Spec) checkNormalizing() error {
	if !(s.Eps > 0) || math.IsInf(s.Eps, 0) {
		return fmt.Errorf("norm: eps = %v, expected a positive number such as 1e-6", s.Eps)
	}
	if s.Shift {
		return errors.New("norm: shift belongs to point-wise kinds, " + string(s.Kind) + " has none")
	}
	return nil
}

// widthRows is table 11 of arXiv:2503.10622: alpha0 before attention and elsewhere by the width of a LLaMA, the same for
// depths 8 to 64.
var widthRows = []struct{ width, attn, other float64 }{
	{1024, 1.0, 1.0}, {2048, 1.0, 0.5}, {4096, 0.8, 0.2}, {8192, 0.2, 0.05},
}

// WidthAlpha0 returns alpha0 of a language model of the given width: table 11 of the paper, in between linear in
// log2(width), outside the nearest row. The interpolation is ours; at 5120 it gives 0.607 / 0.152, where table 10 of the
// paper, found by search, prints 0.6 / 0.15.
func WidthAlpha0(width int) Alphas {
	w := float64(width)
	first, last := widthRows[0], widthRows[len(widthRows)-1]
	if w <= first.width {
		return Alphas{first.attn, first.other, first.other}
	}
	for i, b := range widthRows[1:] {
		if w <= b.width {
			a := widthRows[i]
			t := math.Log2(w/a.width) / math.Log2(b.width/a.width)
			attn, other := (1-t)*a.attn+t*b.attn, (1-t)*a.other+t*b.other
			return Alphas{attn, other, other}
		}
	}
	return Alphas{last.attn, last.other, last.other}
}
