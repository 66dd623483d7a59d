package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
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
		if !anyOf(keptAfter) {
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

// common marks the lines of a longest common subsequence of a and b.
func common(a, b []string) (inA, inB []bool) {
	a, b = withoutNames(a), withoutNames(b)
	longest := make([][]int32, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			inA[i], inB[j] = true, true
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}

func withoutNames(lines []string) []string {
	plain := make([]string, len(lines))
	for i, line := range lines {
		plain[i] = valueNames.ReplaceAllString(line, "v")
	}
	return plain
}

func anyOf(list []bool) bool {
	for _, b := range list {
		if b {
			return true
		}
	}
	return false
}
