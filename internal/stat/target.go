package stat

// ToTarget returns the x at which a curve first reaches target, interpolated linearly between the two points around the
// crossing: tokens-to-target when x is tokens and y the loss. x rises and has the length of y; points whose y is not
// finite are passed over. ok is false when the curve never reaches the target.
func ToTarget(x, y []float64, target float64, better Direction) (at float64, ok bool) {
	reached := func(v float64) bool { return v <= target }
	if better == HigherIsBetter {
		reached = func(v float64) bool { return v >= target }
	}
	before := -1 // the last finite point that has not reached it
	for i := range min(len(x), len(y)) {
		switch {
		case !finite(y[i]):
		case !reached(y[i]):
			before = i
		case before < 0:
			return x[i], true
		default:
			share := (target - y[before]) / (y[i] - y[before])
			return x[before] + share*(x[i]-x[before]), true
		}
	}
	return 0, false
}
