package report

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Marks follow the lines, whatever the values are called; text is escaped, and a stage in another language has no marks.
func TestStagesAreMarked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stages.html")
	err := WriteStages(path, "a <b>", "lead", []Stage{
		{"recorded", "why", []string{"v1 = neg v0", "v2 = neg v1", "v3 = add v2, v2 <&>"}},
		{"simplified", "why", []string{"v1 = add v0, v0 <&>", "v2 = tanh v1"}},
		{"plan", "why", []string{"0 cluster"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"a &lt;b&gt;", `<span class=" gone">v1 = neg v0</span><span class=" gone">v2 = neg v1</span><span>v3 = add v2, v2 &lt;&amp;&gt;</span>`,
		`<span>v1 = add v0, v0 &lt;&amp;&gt;</span><span class=" new">v2 = tanh v1</span>`, "2 lines: 1 new, 2 gone", "<p>1 lines</p>", `<span>0 cluster</span>`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// What is kept of two lists of lines is the same in both, and as long as the table of all common subsequences says.
func TestCommonIsALongestSubsequence(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := make([]string, random.IntN(12)), make([]string, random.IntN(12))
		for _, list := range [][]string{a, b} {
			for i := range list {
				list[i] = fmt.Sprint(random.IntN(4))
			}
		}
		inA, inB := common(a, b)
		keptA, keptB := keptOf(a, inA), keptOf(b, inB)
		if !slices.Equal(keptA, keptB) || len(keptA) != longestCommon(a, b) {
			t.Fatalf("of %v and %v are kept %v and %v, expected %d lines", a, b, keptA, keptB, longestCommon(a, b))
		}
	}
}

func keptOf(lines []string, in []bool) (kept []string) {
	for i, line := range lines {
		if in[i] {
			kept = append(kept, line)
		}
	}
	return kept
}

// longestCommon is the length of a longest common subsequence, by the table.
func longestCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		corner := 0
		for j, y := range b {
			above := row[j+1]
			if row[j+1] = max(above, row[j]); x == y {
				row[j+1] = corner + 1
			}
			corner = above
		}
	}
	return row[len(b)]
}
