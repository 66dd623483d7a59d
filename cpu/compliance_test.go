package cpu_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/support/backendtest"

	_ "github.com/dyt-go/dyt/cpu"
)

// suiteEnv holds a backend configuration when this test binary is asked to run GoMLX's suite on it.
const suiteEnv = "DYT_TEST_SUITE"

// TestSuite runs GoMLX's compliance suite on one backend; TestCompliance starts it in processes of their own.
func TestSuite(t *testing.T) {
	config, ok := os.LookupEnv(suiteEnv)
	if !ok {
		return
	}
	backend, err := compute.NewWithConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	backendtest.RunAll(t, backend, nil)
}

// declinedTests are the subtests that need fused ops, which "dyt" without options declines so that GoMLX builds
// them from ops that it fuses itself. fusedConfig runs them.
var declinedTests = []string{"FusedDense", "FusedGelu", "FusedLayerNorm", "FusedSoftmax", "FusedAttentionQKVProjection"}

// fusedConfig takes every op, and compiles from the text form of what was recorded, which proves the text complete.
const fusedConfig = "dyt:fused_ops,from_text"

// TestCompliance demands that every subtest that passes on the Go backend runs and passes on ours.
func TestCompliance(t *testing.T) {
	reference := suiteResults(t, "go")
	fused := suiteResults(t, fusedConfig)
	plain := suiteResults(t, "dyt")
	counts := func(name string, r map[string]string) {
		n := make(map[string]int)
		for _, result := range r {
			n[result]++
		}
		t.Logf("%s: %d pass, %d skip, %d fail", name, n["PASS"], n["SKIP"], n["FAIL"])
	}
	counts("go", reference)
	counts(fusedConfig, fused)
	counts("dyt", plain)
	if len(reference) < 300 {
		t.Fatalf("the suite has %d subtests on the Go backend, expected at least 300", len(reference))
	}
	for _, name := range slices.Sorted(maps.Keys(reference)) {
		if reference[name] != "PASS" {
			continue
		}
		if fused[name] != "PASS" {
			t.Errorf("%s: %s: %q, the Go backend passes", name, fusedConfig, fused[name])
		}
		if plain[name] != "PASS" && !isDeclined(name) {
			t.Errorf("%s: dyt: %q, the Go backend passes", name, plain[name])
		}
	}
}

func isDeclined(name string) bool {
	rest, ok := strings.CutPrefix(name, "TestSuite/FusedOps/")
	op, _, _ := strings.Cut(rest, "/")
	return ok && slices.Contains(declinedTests, op)
}

// suiteResults returns PASS, SKIP or FAIL for each subtest.
func suiteResults(t *testing.T, config string) map[string]string {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestSuite$", "-test.v")
	command.Env = append(os.Environ(), suiteEnv+"="+config)
	out, _ := command.CombinedOutput() // failures are read from the lines
	results := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "--- ")
		if !ok {
			continue
		}
		result, name, _ := strings.Cut(rest, ": ")
		name, _, _ = strings.Cut(name, " ")
		results[name] = result
	}
	if len(results) == 0 {
		t.Fatalf("%s: the suite printed no results:\n%s", config, out)
	}
	return results
}
