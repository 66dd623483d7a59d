package zoo

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/norm"
)

// TestEveryArchitectureIsInTheIndex: each folder beside this file but part has its row.
func TestEveryArchitectureIsInTheIndex(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "part" {
			if _, err := Find(e.Name()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestRowsOpenWhatTheySay: every variant with every norm, and config.json in both directions.
func TestRowsOpenWhatTheySay(t *testing.T) {
	for _, a := range Archs {
		for _, variant := range a.Variants() {
			for _, kind := range a.Norms() {
				m, err := a.Default(variant, kind)
				if err != nil {
					t.Fatal(err)
				}
				if m.Arch() != a.Name || m.Variant() != variant || m.Sites()[0].Spec.Kind != kind {
					t.Errorf("%s %s %s opened %s %s with %s", a.Name, variant, kind, m.Arch(), m.Variant(), m.Sites()[0].Spec.Kind)
				}
				content, err := json.Marshal(m.ConfigJSON())
				if err != nil {
					t.Fatal(err)
				}
				back, err := FromConfigJSON(content)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(m, back) {
					t.Errorf("%+v came back as %+v", m, back)
				}
			}
		}
		n, err := a.Norm("test", norm.DyT)
		if err != nil {
			t.Fatal(err)
		}
		small, err := a.Open("test", n, Options{Classes: 7})
		if err != nil || small.Classes() != 7 {
			t.Errorf("%s with 7 classes: %v", a.Name, err)
		}
	}
}

func TestWrongNamesAreRefused(t *testing.T) {
	if _, err := Find("lama"); err == nil || !strings.Contains(err.Error(), "llama") {
		t.Errorf("an unknown architecture gave %v", err)
	}
	for _, text := range []string{`{"model_type":"bert"}`, `{"architecture":"resnet50"}`, `[]`} {
		if m, err := FromConfigJSON([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %+v", text, m)
		}
	}
	llama, err := Find("llama")
	if err != nil {
		t.Fatal(err)
	}
	n, err := llama.Norm("test", norm.DyT)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := llama.Open("test", n, Options{DropPath: 0.1}); err == nil {
		t.Error("a LLaMA with drop path was accepted")
	}
}
