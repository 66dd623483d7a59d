package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"slices"
)

// Stage is a program at one point of its way through a compiler.
type Stage struct {
	Name, Why string
	Lines     []string
}

//go:embed stages.html
var stagesPage string

var stagesTemplate = template.Must(template.New("stages").Parse(stagesPage))

// WriteStages writes one HTML file with a column for each stage. A line that the next stage no longer has is marked in its
// column, a line that the stage before did not have in its own; names of values, which change with every line, do not count.
func WriteStages(path, title, lead string, stages []Stage) error {
	type line struct{ Text, Class string }
	type column struct {
		Stage
		Marked     []line
		New, Gone  int
		Comparable bool // with the stage before
	}
	columns := make([]column, len(stages))
	for i, s := range stages {
		columns[i] = column{Stage: s, Marked: make([]line, len(s.Lines))}
		for k, text := range s.Lines {
			columns[i].Marked[k].Text = shorten(text)
		}
	}
	for i := 1; i < len(stages); i++ {
		before, after := &columns[i-1], &columns[i]
		keptBefore, keptAfter := common(before.Lines, after.Lines)
		if !slices.Contains(keptAfter, true) {
			continue // another language
		}
		after.Comparable = true
		for k, kept := range keptBefore {
			if !kept {
				before.Marked[k].Class += " gone"
				after.Gone++
			}
		}
		for k, kept := range keptAfter {
			if !kept {
				after.Marked[k].Class += " new"
				after.New++
			}
		}
	}
	var b bytes.Buffer
	if err := stagesTemplate.Execute(&b, map[string]any{"Title": title, "Lead": lead, "Columns": columns}); err != nil {
		return fmt.Errorf("report: stages: %w", err)
	}
	return replace(path, b.Bytes())
}

// longestLine is how much of a line is shown: a constant may hold thousands of numbers.
const longestLine = 240

func shorten(text string) string {
	if runes := []rune(text); len(runes) > longestLine {
		return string(runes[:longestLine]) + "…"
	}
	return text
}

var valueNames = regexp.MustCompile(`\bv\d+\b`)

// common marks the lines of a longest common subsequence of a and b: those that the shortest way from a to b keeps (Myers 1986, "An
// O(ND) difference algorithm"). A pass changes few lines of many: time and memory go with the square of those.
func common(a, b []string) (inA, inB []bool) {
	a, b = withoutNames(a), withoutNames(b)
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if !meet(a, b) {
		return inA, inB
	}
	var far edits
	for found := false; !found; {
		found = far.extend(a, b)
	}
	for x, y := len(a), len(b); len(far) > 0; {
		far = far[:len(far)-1]
		fromX, fromY, backX, backY := far.before(x - y)
		for ; x > fromX && y > fromY; x, y = x-1, y-1 {
			inA[x-1], inB[y-1] = true, true
		}
		x, y = backX, backY
	}
	return inA, inB
}

// edits has, of every number of lines taken away or added, how many lines of a are behind us at the farthest, on each diagonal: the
// k-th of n edits is that on which 2k-n lines more of a than of b are behind.
type edits [][]int32

// before returns where the equal lines on a diagonal begin after one edit more than those in e, and where the edit began.
func (e edits) before(diagonal int) (x, y, backX, backY int) {
	n := len(e)
	if n == 0 {
		return 0, 0, 0, 0
	}
	last, k := e[n-1], (diagonal+n)/2
	if k == 0 || k < n && last[k-1] < last[k] { // a line of b more
		x = int(last[k])
		return x, x - diagonal, x, x - diagonal - 1
	}
	x = int(last[k-1]) + 1
	return x, x - diagonal, x - 1, x - diagonal
}

// extend goes as far as one edit more allows, and says whether that is the end.
func (e *edits) extend(a, b []string) bool {
	n, end := len(*e), false
	row := make([]int32, n+1)
	for k := range row {
		x, y, _, _ := e.before(2*k - n)
		for x < len(a) && y < len(b) && a[x] == b[y] {
			x, y = x+1, y+1
		}
		row[k] = int32(x)
		end = end || x >= len(a) && y >= len(b)
	}
	*e = append(*e, row)
	return end
}

// meet says whether a and b have a line in common.
func meet(a, b []string) bool {
	known := make(map[string]bool, len(a))
	for _, line := range a {
		known[line] = true
	}
	return slices.ContainsFunc(b, func(line string) bool { return known[line] })
}

func withoutNames(lines []string) []string {
	plain := make([]string, len(lines))
	for i, line := range lines {
		plain[i] = valueNames.ReplaceAllString(line, "v")
	}
	return plain
}
