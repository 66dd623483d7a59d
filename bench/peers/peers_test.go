package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/bench/work"
	"github.com/dyt-go/dyt/internal/history"
	"github.com/dyt-go/dyt/weights"
)

// converse lets the server answer commands.
func converse(t *testing.T, commands ...command) []answer {
	t.Helper()
	var in, out strings.Builder
	enc := json.NewEncoder(&in)
	for _, c := range commands {
		if err := enc.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := serve(strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	var answers []answer
	for dec := json.NewDecoder(strings.NewReader(out.String())); dec.More(); {
		var a answer
		if err := dec.Decode(&a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	return answers
}

func TestServeRunsAWork(t *testing.T) {
	clock := wallClock
	if runtime.GOOS == "linux" {
		clock = cpuClock
	}
	file := filepath.Join(t.TempDir(), "gemm.safetensors")
	got := converse(t, command{Do: "make", Work: "gemm", File: file}, command{Do: "load", Work: "gemm", File: file},
		command{Do: "run", N: 3, Clock: clock}, command{Do: "gemms"}, command{Do: "lode"}, command{Do: "roof", Clock: clock})
	if len(got) != 6 {
		t.Fatalf("%d answers to 6 commands", len(got))
	}
	if r := got[5].Roof; !(r.Copy > 0.01 && r.Copy < 1e4) || !(r.GFLOPS["ref"] > 0.01 && r.GFLOPS["ref"] < 1e5) {
		t.Errorf("the machine's roof: %+v", r)
	}
	f, err := readTensors(file)
	if err != nil {
		t.Fatal(err)
	}
	// The sum over all elements of A B is that of (column sums of A) (row sums of B).
	a, _ := f[0].Float32s()
	b, _ := f[1].Float32s()
	want := 0.0
	for k := range 1024 {
		column, row := 0.0, 0.0
		for i := range 1024 {
			column += float64(a[i*1024+k])
			row += float64(b[k*1024+i])
		}
		want += column * row
	}
	if err := agreeValues("the sums", got[1].Values, map[string]float64{"sum": want}); err != nil || len(got[1].Values) != 1 {
		t.Errorf("%v %v", got[1].Values, err)
	}
	if len(got[2].MS) != 3 || !(got[2].MS[0] > 0) {
		t.Errorf("three runs gave the times %v", got[2].MS)
	}
	if g := got[3].Gemms; g.Runs != 4 || g.DenseFlops != 2<<30 || !(g.DenseMS > 0) || g.HeadsFlops != 0 {
		t.Errorf("one run to load and three more: %+v", g)
	}
	if got[4].Error == "" {
		t.Error("an unknown command is no error")
	}
}

func TestDisagreementIsAnError(t *testing.T) {
	same := map[string]float64{"loss": 2}
	if err := agreeValues("p", same, map[string]float64{"loss": 2.0001}); err != nil {
		t.Error(err)
	}
	for _, other := range []map[string]float64{{"loss": 2.001}, {"lossy": 2}, {}} {
		if agreeValues("p", same, other) == nil {
			t.Errorf("%v agrees with %v", other, same)
		}
	}
	dir := t.TempDir()
	write := func(name string, tensors ...weights.Tensor) string {
		path := filepath.Join(dir, name)
		if err := weights.WriteFile(path, tensors, nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	vector := func(name string, v ...float32) weights.Tensor { return weights.FromFloat32s(name, []int{len(v)}, v) }
	nan := float32(0)
	nan /= nan
	a := write("a", vector("y", 1, 2, 3), vector("dalpha", 5))
	if err := agreeFiles("p", a, write("b", vector("dalpha", 5.001), vector("y", 1, 2, 3.00001))); err != nil {
		t.Error(err)
	}
	for name, other := range map[string][]weights.Tensor{
		"value": {vector("y", 1, 2, 3.001), vector("dalpha", 5)}, "sum": {vector("y", 1, 2, 3), vector("dalpha", 5.1)},
		"name": {vector("y", 1, 2, 3), vector("dweight", 5)}, "missing": {vector("y", 1, 2, 3)},
		"shape": {vector("y", 1, 2), vector("dalpha", 5)}, "nan": {vector("y", 1, nan, 3), vector("dalpha", 5)},
	} {
		if agreeFiles("p", a, write(name, other...)) == nil {
			t.Errorf("%s: another file agrees", name)
		}
	}
}

func TestRowsCompareWithTheBestPeerFirst(t *testing.T) {
	o := &outcome{
		workload: workload{name: "w", peers: []string{"slow", "fast"}, bar: 0.5, roof: cost{bytes: 1e9}},
		ms:       map[string][]float64{ours: {4, 4, 4, 8}, "slow": {20, 20, 20, 40}, "fast": {10, 10, 10, 10}},
		roofs:    []roofs{{Copy: 500}, {Copy: 500}, {Copy: 500}, {Copy: 500}},
	}
	rows := o.rows()
	if len(rows) != 3 || rows[0].Peer != "fast" || rows[1].Peer != "slow" || rows[2].Peer != "copy" {
		t.Fatalf("%+v", rows)
	}
	if r := rows[0]; r.Ours != 4 || r.Ratio != 0.4 || r.Spread < 0.049 || r.Spread > 0.051 || *r.Bar != 0.5 {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.Spread != 0 {
		t.Errorf("the slow peer was slow when we were: %+v", r)
	}
	if r := rows[2]; r.PeerMS != 2 || r.Ratio != 2 || r.Bar != nil {
		t.Errorf("%+v", r)
	}
	if a, b := verdict(rows[0], true), verdict(rows[1], false); a != "reached" || b != "" {
		t.Errorf("verdicts %q and %q", a, b)
	}
}

func TestOnlyChoosesRowsFamiliesAndPeers(t *testing.T) {
	for text, want := range map[string]int{"": 17, "vit-train": 3, "vit-train/dyt": 1, "vit-train-avx2": 1, "layer-both": 3, memoryRow: 0, "vit-train-memory": 0} {
		if got, err := only(text, nil); err != nil || len(got) != want {
			t.Errorf("%q: %d rows, %v; expected %d", text, len(got), err, want)
		}
	}
	got, err := only("", []string{"openvino"})
	if err != nil || len(got) != 1 || got[0].name != "vit-infer/dyt" || !slices.Equal(got[0].peers, []string{"openvino"}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []struct {
		text  string
		peers []string
		says  string
	}{{"vit", nil, "llama-train/dyt"}, {"", []string{"tensorflow"}, "torch-compile"}, {"gemm", []string{"openvino"}, "with these peers"}} {
		if _, err := only(bad.text, bad.peers); err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// The products of a round are what was counted after it less what was counted before.
func TestGemmTimesAreDifferences(t *testing.T) {
	o := &outcome{
		workload: workload{env: []string{"DYT_CPU=avx2"}},
		roofs:    []roofs{{GFLOPS: map[string]float64{"avx2": 100}}, {GFLOPS: map[string]float64{"avx2": 50}}},
		gemms: []gemms{{Runs: 3, DenseMS: 90, DenseFlops: 2e9, HeadsMS: 3, HeadsFlops: 1e8}, {Runs: 5, DenseMS: 150, DenseFlops: 2e9, HeadsMS: 11, HeadsFlops: 1e8},
			{Runs: 6, DenseMS: 200, DenseFlops: 2e9, HeadsMS: 12, HeadsFlops: 1e8}},
	}
	dense, densePeak, heads, headsPeak := o.gemmMS()
	for _, c := range []struct{ got, want []float64 }{{dense, []float64{30, 50}}, {densePeak, []float64{20, 40}}, {heads, []float64{4, 1}}, {headsPeak, []float64{1, 2}}} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%v, expected %v", c.got, c.want)
		}
	}
}

// The peers' side knows every work and every peer of the table, and requirements pin every version.
func TestTheOtherSideKnowsTheTable(t *testing.T) {
	script, err := os.ReadFile("peer.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range workloads() {
		if !slices.Contains(work.Names, w.work) || !regexp.MustCompile(`(?m)^Works:.*\b`+w.work+`\b`).Match(script) {
			t.Errorf("%s: work %q is not known to both sides", w.name, w.work)
		}
		for _, peer := range w.peers {
			if !strings.Contains(string(script), `"`+peer+`": `) {
				t.Errorf("%s: peer.py has no engine %q", w.name, peer)
			}
		}
	}
	requirements, err := os.ReadFile("../requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(requirements)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !regexp.MustCompile(`^[a-z0-9]+==[0-9.]+$`).MatchString(line) {
			t.Errorf("requirements.txt: %q pins no version", line)
		}
	}
}

// The history is data: every line must be one run with commit, processor and rows.
func TestHistoryIsWhole(t *testing.T) {
	content, err := os.ReadFile("../history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for text := range strings.Lines(string(content)) {
		n++
		var l history.Line
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l); err != nil || l.Commit == "" || l.CPU == "" || len(l.Rows) == 0 {
			t.Errorf("line %d: %v: %+v", n, err, l)
		}
	}
	if n == 0 {
		t.Error("no run is recorded")
	}
}

// A run of the memory row alone has no rounds.
func TestARunWithoutRoundsHasNoRoof(t *testing.T) {
	if gflops, copied := medianRoofs(nil); gflops != nil || copied != 0 {
		t.Errorf("%v, %v", gflops, copied)
	}
}

// The first call does not count, and what is short is measured for a whole turn.
func TestATurnDropsItsFirstCall(t *testing.T) {
	calls, start := 0, time.Now()
	ms, err := medianOfTurn(wallClock, func() {
		if calls++; calls == 1 {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * time.Millisecond)
	})
	if took := time.Since(start); err != nil || calls < 3 || took < turnTime || ms < 2 || ms > 60 {
		t.Errorf("%d calls in %v, median %.1f ms, %v", calls, took, ms, err)
	}
	calls = 0
	if _, err := medianOfTurn(wallClock, func() { calls++; time.Sleep(turnTime) }); err != nil || calls != 3 {
		t.Errorf("a long call ran %d times, expected 3; %v", calls, err)
	}
}
