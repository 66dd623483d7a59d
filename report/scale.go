package report

import (
	"math"
	"strconv"
	"strings"
)

// scale maps values low..high to pixels from..to, evenly or by their logarithm.
type scale struct {
	low, high float64
	from, to  float64
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// widen makes an empty or inverted range of values drawable.
func widen(low, high float64) (float64, float64) {
	switch {
	case !finite(low) || !finite(high):
		return 0, 1
	case low < high:
		return low, high
	case low == 0:
		return -1, 1
	}
	return low - math.Abs(low)/10, low + math.Abs(low)/10
}

// ticks returns round values inside the range, about one for every space pixels: 1, 2 or 5 times a power of ten apart, or on
// a logarithmic scale powers of ten, with 2 and 5 between when there are few.
func (s scale) ticks(space float64) []float64 {
	most := max(2, int(math.Abs(s.to-s.from)/space))
	if s.log {
		return s.logTicks(most)
	}
	step := roundStep((s.high - s.low) / float64(most))
	var values []float64
	for i := math.Ceil(s.low/step - 1e-9); i*step <= s.high+1e-9*step; i++ {
		values = append(values, i*step)
	}
	return values
}

func (s scale) logTicks(most int) []float64 {
	var values []float64
	decades := math.Log10(s.high / s.low)
	every := max(1, int(math.Ceil(decades/float64(most))))
	for e := int(math.Ceil(math.Log10(s.low) - 1e-9)); e <= int(math.Floor(math.Log10(s.high)+1e-9)); e += every {
		values = append(values, math.Pow(10, float64(e)))
	}
	if decades*3 > float64(most) {
		return values
	}
	values = nil
	for e := int(math.Floor(math.Log10(s.low))); e <= int(math.Floor(math.Log10(s.high))); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, float64(e)); v >= s.low*(1-1e-9) && v <= s.high*(1+1e-9) {
				values = append(values, v)
			}
		}
	}
	return values
}

// roundStep returns the least of 1, 2, 5 times a power of ten that is not under step.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= step*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// tickLabels writes ticks with one number of decimals for all of them, and thousands and millions as k, M and G.
func tickLabels(values []float64) []string {
	largest, suffix, unit := 0.0, "", 1.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	for _, u := range []struct {
		unit   float64
		suffix string
	}{{1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if largest >= u.unit {
			unit, suffix = u.unit, u.suffix
			break
		}
	}
	if suffix == "k" {
		unit = 1e3
	}
	decimals := 0
	for decimals < 9 && !exact(values, unit, decimals) {
		decimals++
	}
	labels := make([]string, len(values))
	for i, v := range values {
		if labels[i] = "0"; v != 0 {
			labels[i] = minus(strconv.FormatFloat(v/unit, 'f', decimals, 64)) + suffix
		}
	}
	return labels
}

// exact reports whether the given decimals lose nothing of the values.
func exact(values []float64, unit float64, decimals int) bool {
	power := math.Pow(10, float64(decimals))
	for _, v := range values {
		if scaled := v / unit * power; math.Abs(scaled-math.Round(scaled)) > 1e-6 {
			return false
		}
	}
	return true
}

// minus replaces the hyphen of a negative number by a minus sign.
func minus(number string) string { return strings.Replace(number, "-", "−", 1) }
