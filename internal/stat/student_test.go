package stat

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
)

// quantiles are scipy.stats.t.ppf(p, nu) of scipy 1.17.1 for p = 0.9, 0.95, 0.975, 0.995, 0.9995.
var quantiles = map[float64][5]float64{
	1:    {3.0776835371752544, 6.313751514675037, 12.706204736174694, 63.656741162871526, 636.6192487687897},
	2:    {1.8856180831641272, 2.9199855803537242, 4.302652729749462, 9.924843200918287, 31.599054576445365},
	3:    {1.637744353696209, 2.3533634348018233, 3.1824463052837078, 5.840909309733355, 12.923978636687961},
	4:    {1.533206274058944, 2.1318467863266495, 2.7764451051977934, 4.604094871349992, 8.610301581379522},
	5:    {1.4758840488244815, 2.0150483733330233, 2.5705818356363146, 4.032142983555228, 6.868826625881276},
	9:    {1.3830287383966329, 1.833112932656237, 2.262157162798205, 3.249835541592126, 4.780912585931217},
	19:   {1.3277282090267986, 1.7291328115213682, 2.0930240544083087, 2.8609346064649794, 3.883405852592131},
	29:   {1.311433647301551, 1.6991270265334972, 2.045229642132703, 2.756385903670605, 3.6594050194663748},
	99:   {1.2901614420344854, 1.6603911560169906, 1.9842169515864174, 2.626405457280827, 3.391528833363685},
	1000: {1.2823987214609247, 1.6463788172854643, 1.9623390808264083, 2.580754698065951, 3.300282648423944},
	1e6:  {1.281552412129939, 1.6448551507220404, 1.959966356814107, 2.5758342201053344, 3.2905364612487222},
}

func TestQuantileMatchesScipy(t *testing.T) {
	for nu, want := range quantiles {
		for i, p := range []float64{0.9, 0.95, 0.975, 0.995, 0.9995} {
			if got := Quantile(2*p-1, nu); !near.Near(got, want[i], near.Bound{Rel: 1e-11}) {
				t.Errorf("Quantile of p = %v, nu = %v: got %.17g, scipy %.17g", p, nu, got, want[i])
			}
		}
	}
}

func TestTwoSidedMatchesScipy(t *testing.T) {
	for _, c := range []struct{ t, nu, want float64 }{ // 2*scipy.stats.t.sf(|t|, nu)
		{0, 3, 1},
		{0.5, 1, 0.7048327646991335},
		{1, 2, 0.4226497308103742},
		{2.776445105, 4, 0.05000000001011946},
		{4, 4, 0.016130089900092546},
		{12, 9, 7.699886222985653e-07},
		{-3, 7, 0.019942126131992536},
		{40, 2, 0.0006244146721847406},
		{1e-8, 5, 0.9999999924078662},
	} {
		if got := TwoSided(c.t, c.nu); !near.Near(got, c.want, near.Bound{Rel: 1e-12}) {
			t.Errorf("TwoSided(%v, %v): got %.17g, scipy %.17g", c.t, c.nu, got, c.want)
		}
	}
}

func TestTwoSidedLimits(t *testing.T) {
	for _, nu := range []float64{1, 4, 1e6} {
		if got := TwoSided(math.Inf(1), nu); got != 0 {
			t.Errorf("TwoSided(+Inf, %v) = %v, want 0", nu, got)
		}
	}
	if got := TwoSided(math.NaN(), 4); !math.IsNaN(got) {
		t.Errorf("TwoSided(NaN) = %v, want NaN", got)
	}
	for _, level := range []float64{0, 1, -1, math.NaN()} {
		if got := Quantile(level, 4); !math.IsNaN(got) {
			t.Errorf("Quantile(%v) = %v, want NaN", level, got)
		}
	}
}

// TestQuantileInvertsTwoSided also covers levels and degrees of freedom between the tabulated ones.
func TestQuantileInvertsTwoSided(t *testing.T) {
	for _, nu := range []float64{1, 2.5, 7, 33, 39.9, 40, 250} {
		for _, level := range []float64{1e-6, 0.3, 0.5, 0.8, 0.95, 0.999999} {
			if got := TwoSided(Quantile(level, nu), nu); !near.Near(got, 1-level, near.Bound{Rel: 1e-9}) {
				t.Errorf("level %v, nu %v: tail %.12g, want %.12g", level, nu, got, 1-level)
			}
		}
	}
}
