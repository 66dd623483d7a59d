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
	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/internal/cpuid"
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

// skipped says why subtests are skipped, by the beginning of their name.
var skipped = map[string]string{
	"DotGeneral/DTypes/":                      "the Go backend multiplies no half-precision matrix with one of another float type",
	"FusedOps/FusedScaledDotProductAttention": "the Go backend lacks the op, and GoMLX builds it from others",
	"FusedOps/FusedDense":                     declinedReason,
	"FusedOps/FusedGelu":                      declinedReason,
	"FusedOps/FusedLayerNorm":                 declinedReason,
	"FusedOps/FusedSoftmax":                   declinedReason,
	"FusedOps/FusedAttentionQKVProjection":    declinedReason,
}

const declinedReason = "declined: GoMLX builds it from ops that are fused here"

// TestCompliance demands, for every flavour of kernels, that every subtest that passes on the Go backend runs and passes on
// ours, and that every skip has a reason.
func TestCompliance(t *testing.T) {
	reference := suiteResults(t, "go", "")
	if len(reference) < 300 {
		t.Fatalf("the suite has %d subtests on the Go backend, expected at least 300", len(reference))
	}
	logCounts(t, "go", reference)
	tables := kernel.Available()
	slices.Reverse(tables)
	for i, table := range tables {
		configs := []string{"dyt"}
		if i == 0 { // recording, which is the same for all flavours
			configs = append(configs, fusedConfig)
		}
		for _, config := range configs {
			name := config + " " + string(table.Flavour)
			got := suiteResults(t, config, table.Flavour)
			logCounts(t, name, got)
			for _, test := range slices.Sorted(maps.Keys(reference)) {
				if reference[test] == "PASS" && got[test] != "PASS" && !(config == "dyt" && isDeclined(test)) {
					t.Errorf("%s: %s: %q, the Go backend passes", name, test, got[test])
				}
			}
			checkSkips(t, name, got)
		}
	}
}

func logCounts(t *testing.T, name string, results map[string]string) {
	n := make(map[string]int)
	for _, result := range results {
		n[result]++
	}
	t.Logf("%s: %d pass, %d skip, %d fail", name, n["PASS"], n["SKIP"], n["FAIL"])
}

// checkSkips demands a reason for every skip.
func checkSkips(t *testing.T, name string, results map[string]string) {
	for _, test := range slices.Sorted(maps.Keys(results)) {
		if results[test] != "SKIP" {
			continue
		}
		rest, reason := strings.TrimPrefix(test, "TestSuite/"), ""
		for prefix, why := range skipped {
			if strings.HasPrefix(rest, prefix) {
				reason = why
			}
		}
		if reason == "" {
			t.Errorf("%s: %s is skipped, and no reason stands in skipped", name, test)
		}
	}
}

func isDeclined(name string) bool {
	rest, ok := strings.CutPrefix(name, "TestSuite/FusedOps/")
	op, _, _ := strings.Cut(rest, "/")
	return ok && slices.Contains(declinedTests, op)
}

// suiteResults returns PASS, SKIP or FAIL for each subtest.
func suiteResults(t *testing.T, config string, flavour cpuid.Flavour) map[string]string {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestSuite$", "-test.v")
	command.Env = append(os.Environ(), suiteEnv+"="+config)
	if flavour != "" {
		command.Env = append(command.Env, "DYT_CPU="+string(flavour), "DYT_REQUIRE="+string(flavour))
	}
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
