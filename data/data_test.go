package data

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func tokensBatch(v ...int32) Batch {
	return Batch{Inputs: []Array{{Shape: []int{1, len(v)}, I32: v}}}
}

func TestArrayCheckNamesTheFault(t *testing.T) {
	good := []Array{
		{Shape: []int{2, 3}, F32: make([]float32, 6)},
		{Shape: nil, I32: []int32{7}},
		{Shape: []int{0, 4}},
		{Shape: []int{0, 4}, I32: []int32{}},
	}
	for _, a := range good {
		if err := a.Check(); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	bad := []struct {
		a    Array
		want string
	}{
		{Array{Shape: []int{2, 3}, F32: make([]float32, 5)}, "asks for 6 elements, got 5"},
		{Array{Shape: []int{2}, F32: make([]float32, 1), I32: make([]int32, 1)}, "both F32"},
		{Array{Shape: []int{-1}}, "negative"},
		{Array{Shape: []int{2}}, "got 0"},
	}
	for _, c := range bad {
		if err := c.a.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, expected an error with %q", c.a, err, c.want)
		}
	}
}

// The encoding of the Trail is a promise: hashes in run folders are compared across versions.
// Expected by: python3 -c "import hashlib,struct as s; h=lambda b: hashlib.sha256(b).digest();
// e=s.pack('<5Q2i',1,1,2,1,2,5,-6); print(h(bytes(32)+h(e)).hex())".
func TestTrailHasTheDocumentedEncoding(t *testing.T) {
	var got Trail
	got.Add(tokensBatch(5, -6))
	const want = "e6f987e1ba97ce6e4a1d3d665e24dc168c15054d523bf1221abe998c636466eb"
	if got.String() != want {
		t.Errorf("got %s, expected %s", got, want)
	}
}

func TestTrailTellsContentsOrderShapeAndKindApart(t *testing.T) {
	trail := func(batches ...Batch) string {
		var tr Trail
		for _, b := range batches {
			tr.Add(b)
		}
		return tr.String()
	}
	one := func(a Array) Batch { return Batch{Inputs: []Array{a}} }
	seen := map[string]string{}
	for name, hash := range map[string]string{
		"nothing":        trail(),
		"empty batch":    trail(Batch{}),
		"1 2":            trail(tokensBatch(1, 2)),
		"2 1":            trail(tokensBatch(2, 1)),
		"1, 2":           trail(tokensBatch(1), tokensBatch(2)),
		"2, 1":           trail(tokensBatch(2), tokensBatch(1)),
		"column":         trail(one(Array{Shape: []int{2, 1}, I32: []int32{1, 2}})),
		"as floats":      trail(one(Array{Shape: []int{1, 2}, F32: []float32{math.Float32frombits(1), math.Float32frombits(2)}})),
		"zero":           trail(one(Array{Shape: []int{1}, F32: []float32{0}})),
		"minus zero":     trail(one(Array{Shape: []int{1}, F32: []float32{float32(math.Copysign(0, -1))}})),
		"long":           trail(tokensBatch(make([]int32, 5000)...)),
		"long, last one": trail(tokensBatch(append(make([]int32, 4999), 1)...)),
	} {
		if other, ok := seen[hash]; ok {
			t.Errorf("%q and %q have one hash", name, other)
		}
		seen[hash] = name
	}
}

func TestTrailTravelsThroughJSON(t *testing.T) {
	var a, b Trail
	a.Add(tokensBatch(1, 2, 3))
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &b); err != nil || b != a {
		t.Errorf("%s came back as %s (%v)", a, b, err)
	}
	for _, wrong := range []string{`"ab"`, `"` + strings.Repeat("g", 64) + `"`} {
		before := b
		if err := json.Unmarshal([]byte(wrong), &b); err == nil || b != before {
			t.Errorf("%s: accepted or half written: %v", wrong, err)
		}
	}
}

func TestLoadPositionRefusesWhatIsNotItsOwn(t *testing.T) {
	type state struct {
		Next int `json:"next"`
	}
	saved, err := SavePosition("text-windows", "abc", state{3})
	if err != nil {
		t.Fatal(err)
	}
	var got state
	if err := LoadPosition(saved, "text-windows", "abc", &got); err != nil || got.Next != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, c := range []struct{ saved, source, id, want string }{
		{string(saved), "images", "abc", `saved by "text-windows"`},
		{string(saved), "text-windows", "xyz", "this source has xyz"},
		{"", "text-windows", "abc", "not the JSON"},
		{string(saved) + "{}", "text-windows", "abc", "behind"},
		{`{"source":"text-windows","id":"abc","state":{"next":1,"more":2}}`, "text-windows", "abc", "more"},
		{`{"source":"text-windows","id":"abc","state":null,"x":1}`, "text-windows", "abc", "x"},
	} {
		var s state
		err := LoadPosition([]byte(c.saved), c.source, c.id, &s)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, expected an error with %q", c.saved, err, c.want)
		}
	}
}
