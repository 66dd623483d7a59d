package golden

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// probe is a testing.TB that keeps what a failing test would have printed.
type probe struct {
	testing.TB
	said   string
	failed bool
}

func (p *probe) Helper()        {}
func (p *probe) Cleanup(func()) {}
func (p *probe) Name() string   { return "TestProbe" }
func (p *probe) Errorf(format string, args ...any) {
	p.said, p.failed = fmt.Sprintf(format, args...), true
}
func (p *probe) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	runtime.Goexit()
}

// said runs f as a test of its own and returns its failure, or "".
func said(f func(t testing.TB)) string {
	p := &probe{}
	done := make(chan bool)
	go func() {
		defer close(done)
		f(p)
	}()
	<-done
	return p.said
}

func TestFixtureReadsEveryDType(t *testing.T) {
	f := Load(t, "golden", "dtypes")
	ramp := []float32{-0.75, -0.5, -0.25, 0, 0.25, 0.5}
	for _, name := range []string{"f32", "f16", "bf16"} {
		if v, shape := f.F32(name); !reflect.DeepEqual(v, ramp) || !reflect.DeepEqual(shape, []int{2, 3}) {
			t.Errorf("%s: got %v %v, want %v [2 3]", name, v, shape, ramp)
		}
	}
	for _, name := range []string{"f64", "f32", "f16", "bf16"} {
		if v, shape := f.F64(name); len(v) != 6 || v[0] != -0.75 || v[5] != 0.5 || !reflect.DeepEqual(shape, []int{2, 3}) {
			t.Errorf("%s as float64: got %v %v, want %v [2 3]", name, v, shape, ramp)
		}
	}
	if v, shape := f.I32("i32"); !reflect.DeepEqual(v, []int32{-1, 2, 2147483647, -2147483648}) || !reflect.DeepEqual(shape, []int{2, 2}) {
		t.Errorf("i32: got %v %v", v, shape)
	}
	if v, _ := f.I32("i64"); !reflect.DeepEqual(v, []int32{5, -6}) {
		t.Errorf("i64: got %v", v)
	}
	if v, shape := f.F32("scalar"); len(v) != 1 || v[0] != 2.5 || len(shape) != 0 {
		t.Errorf("scalar: got %v %v", v, shape)
	}
	if got := f.Meta("note"); got != "ramp is (-3..2)/4" {
		t.Errorf("note: got %q", got)
	}
	if got := strings.Join(f.Names(), " "); got != "bf16 f16 f32 f64 i32 i64 random scalar wide" {
		t.Errorf("names: got %s", got)
	}
	if f.Seed != 7 || f.Torch == "" || f.Reason == "" || f.Tolerance() != (Tolerance{}) || !f.Has("f32") || f.Has("F32") {
		t.Errorf("record: got %+v", f.Record)
	}
}

func TestFixtureFailuresNameWhatIsMissing(t *testing.T) {
	f := Load(t, "golden", "dtypes")
	for _, c := range []struct {
		want string
		call func(t testing.TB)
	}{
		{"no fixture \"none\"", func(t testing.TB) { Load(t, "golden", "none") }},
		{"scripts/fixtures.py nowhere", func(t testing.TB) { Load(t, "nowhere", "x") }},
		{"no tensor \"gamma\"; it holds bf16, f16", func(t testing.TB) { g := *f; g.t = t; g.F32("gamma") }},
		{"expected one of [F32 F16 BF16], got I32", func(t testing.TB) { g := *f; g.t = t; g.F32("i32") }},
		{"element 0 is 2147483648", func(t testing.TB) { g := *f; g.t = t; g.I32("wide") }},
		{"no metadata \"none\"", func(t testing.TB) { g := *f; g.t = t; g.Meta("none") }},
		{"inside testdata/snap", func(t testing.TB) { Snap(t, "../oracle/golden/MANIFEST.json", nil) }},
	} {
		if got := said(c.call); !strings.Contains(got, c.want) {
			t.Errorf("got %q, want it to contain %q", got, c.want)
		}
	}
}

func TestSnapComparesAndUpdates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "name.txt")
	if got := said(func(t testing.TB) { snap(t, path, []byte("a\nb\n"), false) }); !strings.Contains(got, "-update") {
		t.Errorf("no snapshot: got %q, want it to name -update", got)
	}
	snap(t, path, []byte("a\nb\n"), true)
	snap(t, path, []byte("a\nb\n"), false)
	got := said(func(t testing.TB) { snap(t, path, []byte("a\nc\n"), false) })
	for _, want := range []string{"line 2 differs", "want: b\n", " got: c\n", "^TestProbe$"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want it to contain %q", got, want)
		}
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, []byte("a\nb\n")) {
		t.Errorf("without -update the snapshot became %q, %v", text, err)
	}
	for _, pair := range [][2]string{{"a\n", "a\n(end of text)"}, {"a", "a\n"}, {"", "x"}, {"a\nb", "a"}} {
		if line, _, _ := firstDifference(pair[0], pair[1]); line < 1 || line > 3 {
			t.Errorf("%q: line %d", pair, line)
		}
	}
}
