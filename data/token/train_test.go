package token

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The rule of training, spelled out: count every pair in every word, join the most frequent (smallest ids first), again.
func trainRef(texts []string, merges int) []string {
	var words [][]string
	for _, text := range texts {
		for len(text) > 0 {
			n := wordLen(text)
			words = append(words, strings.Split(text[:n], ""))
			text = text[n:]
		}
	}
	order := map[string]int{}
	for b := range 256 {
		order[string([]byte{byte(b)})] = int(byteChar[b])
	}
	var learned []string
	for len(learned) < merges {
		counts := map[[2]string]int{}
		for _, w := range words {
			for i := range len(w) - 1 {
				counts[[2]string{w[i], w[i+1]}]++
			}
		}
		pairs := slices.SortedFunc(maps.Keys(counts), func(x, y [2]string) int {
			if d := counts[y] - counts[x]; d != 0 {
				return d
			}
			if d := order[x[0]] - order[y[0]]; d != 0 {
				return d
			}
			return order[x[1]] - order[y[1]]
		})
		if len(pairs) == 0 || counts[pairs[0]] < 2 {
			break
		}
		a, b := pairs[0][0], pairs[0][1]
		learned = append(learned, a+"|"+b)
		if _, ok := order[a+b]; !ok {
			order[a+b] = 1000 + len(order)
		}
		for k, w := range words {
			var joined []string
			for i := 0; i < len(w); i++ {
				if i+1 < len(w) && w[i] == a && w[i+1] == b {
					joined = append(joined, a+b)
					i++
				} else {
					joined = append(joined, w[i])
				}
			}
			words[k] = joined
		}
	}
	return learned
}

func (t *BPE) learned() []string {
	var out []string
	for _, m := range t.merges {
		out = append(out, t.pieces[m.a]+"|"+t.pieces[m.b])
	}
	return out
}

func TestTrainFollowsTheRule(t *testing.T) {
	for name, texts := range map[string][]string{
		"words":   {"low lower lowest newer newest wider widest", "low low lowest new newer aaaa aaaaa aaaaaaaa"},
		"runs":    {"aaaaaaaaaaaa bbbbbbbbb aabbaabbaabb ababababab", "=========== ==== ======="},
		"code":    {"func (t *BPE) next() { for i := 0; i < len(w); i++ { return t.next() } }\nfunc (t *BPE) has() {}\n"},
		"nothing": {"abc"},
	} {
		want := trainRef(texts, 40)
		got := trained(t, 256+40+1, texts...).learned()
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want)
		}
	}
}

func TestTrainDependsOnTheTextsAlone(t *testing.T) {
	texts := []string{"one two three two one", "three four five one", "'five' four; two"}
	want := trained(t, 290, texts...).learned()
	for range 5 {
		slices.Reverse(texts)
		if got := trained(t, 290, texts...).learned(); !slices.Equal(got, want) {
			t.Fatalf("got %q, before it was %q", got, want)
		}
	}
	if _, err := Train(slices.Values(texts), 256); err == nil || !strings.Contains(err.Error(), "expected at least 257") {
		t.Errorf("vocabulary of 256: %v", err)
	}
}

func TestTrainNeverMakesThePieceEndOfText(t *testing.T) {
	tok := trained(t, 300, strings.Repeat(EndOfText+" ", 50), strings.Repeat(" "+EndOfText, 50))
	for id, piece := range tok.pieces {
		if piece == EndOfText {
			t.Errorf("id %d is spelled like the special token", id)
		}
	}
}

// goFiles returns the Go files of the standard library, at most limit bytes.
func goFiles(t testing.TB, limit int) (texts []string, size int) {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "src")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || size >= limit {
			return err
		}
		if d.IsDir() && (d.Name() == "cmd" || d.Name() == "testdata" || d.Name() == "vendor") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			content, err := os.ReadFile(path)
			texts = append(texts, string(content))
			size += len(content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts, size
}

func goTokenizer(t testing.TB, vocab int) *BPE {
	texts, _ := goFiles(t, 1<<20)
	return trained(t, vocab, texts...)
}

// Prints what Train's comment says; the bound is loose because test machines are busy.
func TestTrainOnGoSource(t *testing.T) {
	limit := 16 << 20
	if testing.Short() {
		limit = 1 << 20
	}
	texts, size := goFiles(t, limit)
	start := time.Now()
	tok := trained(t, 4096, texts...)
	learn := time.Since(start)
	start = time.Now()
	ids := 0
	for _, text := range texts {
		encoded := tok.Encode(text)
		ids += len(encoded)
		if got, err := tok.Decode(encoded); err != nil || got != text {
			t.Fatalf("a Go file did not come back (%v)", err)
		}
	}
	t.Logf("%.1f MB: trained %d ids in %.1f s; %.2f bytes a token; encoded and decoded in %.1f s", float64(size)/1e6, tok.VocabSize(), learn.Seconds(), float64(size)/float64(ids), time.Since(start).Seconds())
	if tok.VocabSize() != 4096 || learn > time.Minute {
		t.Errorf("vocabulary %d in %v", tok.VocabSize(), learn)
	}
	if perToken := float64(size) / float64(ids); perToken < 2.5 {
		t.Errorf("%.2f bytes a token", perToken)
	}
}
