package report

import (
	"os"
	"path/filepath"
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
