package report

import (
	"math"
	"strconv"
	"strings"
)

// short prints a number for reading: four significant digits, whole above a thousand, thousands set apart; "–" for none.
func short(v float64) string {
	if !finite(v) {
		return "–"
	}
	digits := 3 - int(math.Floor(math.Log10(math.Abs(v))))
	if v == 0 {
		digits = 0
	}
	if digits > 9 {
		return minus(strconv.FormatFloat(v, 'e', 2, 64))
	}
	return minus(thousands(strconv.FormatFloat(v, 'f', max(0, digits), 64)))
}

// brief prints three significant digits at most.
func brief(v float64) string {
	if !finite(v) {
		return "–"
	}
	return minus(strconv.FormatFloat(v, 'g', 3, 64))
}

// Whole prints a count, 869,504, and "–" for zero, which means unknown here.
func Whole(n int64) string {
	if n == 0 {
		return "–"
	}
	return thousands(strconv.FormatInt(n, 10))
}

// thousands sets commas between the groups of three digits before the point.
func thousands(number string) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	before, after, point := strings.Cut(number, ".")
	var groups []string
	for len(before) > 3 {
		groups = append([]string{before[len(before)-3:]}, groups...)
		before = before[:len(before)-3]
	}
	number = sign + strings.Join(append([]string{before}, groups...), ",")
	if point {
		number += "." + after
	}
	return number
}

// signed prints a difference with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + short(v)
	}
	return short(v)
}
