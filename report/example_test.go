package report_test

import (
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/report"
)

// A study is plain data; what is missing is left out.
func ExampleStudy() {
	run := func(final float64) report.Run {
		return report.Run{Name: "seed 1", Final: final, Train: []report.Point{{Step: 1, Tokens: 1024, Value: 5.5}, {Step: 100, Tokens: 102400, Value: final}}}
	}
	study := report.Study{
		Title:   "DyT against RMSNorm",
		Verdict: report.Verdict{Headline: "n=1: no claim"},
		Measure: report.Measure{Name: "validation", Unit: "bits per byte"},
		Twins:   []report.Twin{{Name: "RMSNorm", Runs: []report.Run{run(2.5)}}, {Name: "DyT", Runs: []report.Run{run(2.6)}}},
	}
	html, err := study.Page().HTML()
	if err != nil {
		panic(err)
	}
	fmt.Println("says its verdict:", strings.Contains(string(html), "n=1: no claim"))
	fmt.Println("loads anything:", strings.Contains(string(html), "src=\"http"))
	// Output:
	// says its verdict: true
	// loads anything: false
}
