package norm

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// The kinds with a formula of their own; everything else is a row of functions.
const (
	LayerNorm Kind = "layernorm" // (x - mean) / sqrt(var + eps)
	RMSNorm   Kind = "rmsnorm"   // x / sqrt(mean(x^2) + eps)
	DyT       Kind = "dyt"       // tanh(alpha*x)
	Derf      Kind = "derf"      // erf(alpha*x + shift)
)

// Normalizes says whether the kind computes statistics of its input.
func (k Kind) Normalizes() bool { return k == LayerNorm || k == RMSNorm }

// Entry is a row of the table of kinds. F and D are the float64 formulas of a point-wise kind, nil for kinds with
// statistics: what tests and pictures measure the layer against.
type Entry struct {
	Kind    Kind
	Formula string                  // of z = alpha*x + shift
	F       func(z float64) float64 // the formula
	D       func(z float64) float64 // its derivative; 0 at 0 where the slope there is infinite
	graph   func(z *Node) *Node
}

// functions is the table: LayerNorm and RMSNorm, the paper's DyT and its ablations (arXiv:2503.10622, tables 7 and 8), and
// Derf with the functions that it was found among (arXiv:2512.10938, tables 1 to 7). isru is also the DyISRU of
// arXiv:2503.21708 in the parameters of DyT.
var functions = []Entry{
	{Kind: LayerNorm, Formula: "(x - mean(x)) / sqrt(var(x) + eps)"},
	{Kind: RMSNorm, Formula: "x / sqrt(mean(x^2) + eps)"},
	{DyT, "tanh(z)", math.Tanh, func(z float64) float64 { t := math.Tanh(z); return 1 - t*t }, Tanh},
	{Derf, "erf(z)", math.Erf, func(z float64) float64 { return 2 / math.SqrtPi * math.Exp(-z*z) }, Erf},
	{"identity", "z", func(z float64) float64 { return z }, func(float64) float64 { return 1 }, func(z *Node) *Node { return z }},
	{"hardtanh", "clip(z, -1, 1)", clippedF(1, func(z float64) float64 { return z }), clippedD(1, func(float64) float64 { return 1 }), clipped(1, func(z *Node) *Node { return z })},
	{"sigmoid", "1 / (1 + exp(-z))", sigmoidF, func(z float64) float64 { s := sigmoidF(z); return s * (1 - s) }, Sigmoid},
	{"arctan", "2/pi * arctan(z)", func(z float64) float64 { return 2 / math.Pi * math.Atan(z) }, func(z float64) float64 { return 2 / math.Pi / (1 + z*z) }, arctan},
	{"isru", "z / sqrt(z^2 + 1)", func(z float64) float64 { return z / math.Sqrt(z*z+1) }, func(z float64) float64 { return math.Pow(1+z*z, -1.5) }, isru},
	{"softsign", "z / (1 + |z|)", func(z float64) float64 { return z / (1 + math.Abs(z)) }, func(z float64) float64 { a := 1 + math.Abs(z); return 1 / (a * a) }, softsign},
	{"smoothsign", "z / (sqrt(z^2 + 1) + 1)", smoothSignF, smoothSignD, smoothSign},
	{"expsign", "sign(z) * (1 - exp(-|z|))", expSignF, func(z float64) float64 { return math.Exp(-math.Abs(z)) }, expSign},
	{"exproot", "sign(z) * (1 - exp(-sqrt|z|))", expRootF, expRootD, expRoot},
	{"logratio", "sign(z) * ln(|z|+1) / (ln(|z|+1) + 1)", logRatioF, logRatioD, logRatio},
	{"cubic", "z^3 / (|z|^3 + 1)", cubicF, cubicD, cubic},
	{"satursin", "sin(clip(z, -pi/2, pi/2))", clippedF(math.Pi/2, math.Sin), clippedD(math.Pi/2, math.Cos), clipped(math.Pi/2, Sin)},
	{"arcsinhclip", "clip(arcsinh(z), -1, 1)", clippedF(math.Sinh(1), math.Asinh), clippedD(math.Sinh(1), arcsinhD), clipped(math.Sinh(1), arcsinh)},
	{"logclip", "clip(sign(z) * ln(|z|+1), -1, 1)", clippedF(math.E-1, logSignF), clippedD(math.E-1, logSignD), clipped(math.E-1, logSign)},
	{"logsquareclip", "clip(sign(z) * ln(z^2+1), -1, 1)", clippedF(math.Sqrt(math.E-1), logSquareF), clippedD(math.Sqrt(math.E-1), logSquareD), clipped(math.Sqrt(math.E-1), logSquare)},
	{"powclip", "clip(sign(z) * |z|^(2/3), -1, 1)", clippedF(1, powF), clippedD(1, powD), clipped(1, pow)},
	{"arcsinh", "arcsinh(z)", math.Asinh, arcsinhD, arcsinh},
	{"logsign", "sign(z) * ln(|z|+1)", logSignF, logSignD, logSign},
	{"logsquare", "sign(z) * ln(z^2+1)", logSquareF, logSquareD, logSquare},
	{"pow", "sign(z) * |z|^(2/3)", powF, powD, pow},
	{"sin", "sin(z)", math.Sin, math.Cos, Sin},
	{"serpentine", "2z / (1 + z^2)", serpentineF, serpentineD, serpentine},
	{"xexp", "e * z * exp(-|z|)", xexpF, func(z float64) float64 { a := math.Abs(z); return math.E * (1 - a) * math.Exp(-a) }, xexp},
}

// Kinds returns the names of all kinds.
func Kinds() []Kind {
	kinds := make([]Kind, len(functions))
	for i, f := range functions {
		kinds[i] = f.Kind
	}
	return kinds
}

// Lookup returns the row of a kind.
func Lookup(kind Kind) (Entry, bool) {
	for _, f := range functions {
		if f.Kind == kind {
			return f, true
		}
	}
	return Entry{}, false
}
