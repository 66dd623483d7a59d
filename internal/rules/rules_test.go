package rules

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dyt-go/dyt/"

// floors are the rooms from the ground up; a package imports only from lower floors. Rooms on one floor do not know each
// other, except where sameFloor says so. The science and the engine are two columns over one ground floor.
var floors = [][]string{
	{"internal", "weights", "data", "report"},
	{"norm", "cpu/ir", "cpu/kernel"},
	{"zoo/part", "cpu/pass", "cpu/delegate"},
	{"zoo/*", "cpu/plan", "cpu/eval"},
	{"zoo", "cpu/exec"},
	{"sample", "cpu/build"},
	{"train", "cpu"},
	{"study", "measure"},
	{"cmd", "bench", "examples"},
}

// within names rooms whose packages may import each other.
var within = []string{"internal", "data", "train", "cpu/kernel", "report", "weights", "cmd", "study", "bench"}

// alsoAllowed are single arrows on one floor, each with its reason.
var alsoAllowed = map[[2]string]string{
	{"internal", "weights"}: "fixtures are safetensors files",
	{"weights", "internal"}: "tests and atomic files",
	{"data", "internal"}:    "shared small tools",
}

type pkg struct {
	path    string // without the module
	room    string
	imports []string
}

func TestArrowsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from := floor(p.room)
		if from < 0 {
			t.Errorf("%s stands on no floor: add its room to the table here and to ARCHITECTURE.md", p.path)
			continue
		}
		for _, imported := range p.imports {
			room := roomOf(imported)
			if room == p.room && slices.Contains(within, room) || alsoAllowed[[2]string{p.room, room}] != "" {
				continue
			}
			if floor(room) >= from {
				t.Errorf("%s imports %s: an arrow up or sideways", p.path, imported)
			}
		}
	}
}

func TestScienceAndEngineDoNotKnowEachOther(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.imports {
			if engine(p.room) != engine(roomOf(imported)) && floor(roomOf(imported)) > 0 && p.room != "cmd" && p.room != "bench" && p.room != "examples" {
				t.Errorf("%s imports %s: the science and the engine meet only in cmd, bench and tests", p.path, imported)
			}
			if roomOf(imported) == "cpu/eval" {
				t.Errorf("%s imports %s: the oracle is for tests", p.path, imported)
			}
			if p.room == "cpu/ir" && roomOf(imported) == "cpu/kernel" || p.room == "cpu/kernel" && roomOf(imported) == "cpu/ir" {
				t.Errorf("%s imports %s: ir and kernel meet only in plan and eval", p.path, imported)
			}
			if p.room == "report" {
				t.Errorf("%s imports %s: report draws the structs it is given", p.path, imported)
			}
			if roomOf(imported) == "cmd" && p.room != "cmd" {
				t.Errorf("%s imports %s: nothing imports the tool", p.path, imported)
			}
		}
	}
}

// heavy libraries stay out of what other Go programs import.
var heavy = regexp.MustCompile(`gonum\.org/v1/plot|spf13/cobra|bubbletea|parquet|prometheus|opentelemetry|go\.yaml\.in`)

func TestLibraryCoreStaysLight(t *testing.T) {
	for _, room := range []string{"norm", "zoo", "cpu"} {
		if _, err := os.Stat(filepath.Join("..", "..", room)); err != nil {
			continue
		}
		for _, dep := range list(t, "-deps", "-f", "{{.ImportPath}}", "./"+room+"/...") {
			if heavy.MatchString(dep) {
				t.Errorf("%s reaches %s", room, dep)
			}
		}
	}
}

// sideEffects are the imports that a blank name may have outside tests.
var sideEffects = []string{"embed", module + "cpu", "github.com/gomlx/compute/gobackend", xla + "/compute/xla"}

var blankImport = regexp.MustCompile(`^\s*(?:import\s+)?_\s+"([^"]+)"`)

func TestNoImportForItsSideEffect(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for line := range strings.Lines(string(content)) {
			if m := blankImport.FindStringSubmatch(line); m != nil && !slices.Contains(sideEffects, m[1]) {
				t.Errorf("%s imports %s for its side effect", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// xla is the module of GoMLX's XLA backend, which needs cgo.
const xla = "github.com/gomlx/go-xla"

// The tool, and every library of the module, builds without a C compiler and has nothing of XLA, unless it is asked for.
func TestDefaultBuildIsGoAlone(t *testing.T) {
	t.Setenv("CGO_ENABLED", "1") // otherwise go list leaves the files of cgo out
	withC := func(args ...string) (paths []string) {
		for _, line := range list(t, append([]string{"-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{if .CgoFiles}} cgo{{end}}{{end}}"}, args...)...) {
			if strings.HasPrefix(line, xla) || strings.HasSuffix(line, " cgo") {
				paths = append(paths, line)
			}
		}
		return paths
	}
	if got := withC("./..."); len(got) != 0 {
		t.Errorf("the default build reaches %q", got)
	}
	if got := withC("-tags", "xla", "./cmd/dyt"); !slices.Contains(got, xla+"/compute/xla") || !slices.Contains(got, xla+"/pjrt cgo") {
		t.Errorf("with the tag xla the tool reaches %q, expected its backend", got)
	}
}

func packages(t *testing.T) []pkg {
	var all []pkg
	for _, line := range list(t, "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...") {
		fields := strings.Fields(line)
		p := pkg{path: strings.TrimPrefix(fields[0], module)}
		p.room = roomOf(p.path)
		for _, imported := range fields[1:] {
			if strings.HasPrefix(imported, module) {
				p.imports = append(p.imports, strings.TrimPrefix(imported, module))
			}
		}
		all = append(all, p)
	}
	return all
}

// roomOf returns the row of floors that a package belongs to: the longest name that is its prefix.
func roomOf(path string) string {
	if arch, found := strings.CutPrefix(path, "zoo/"); found && !strings.HasPrefix(arch, "part") {
		return "zoo/*"
	}
	best := ""
	for _, floor := range floors {
		for _, room := range floor {
			if (path == room || strings.HasPrefix(path, room+"/")) && len(room) > len(best) {
				best = room
			}
		}
	}
	return best
}

func floor(room string) int {
	return slices.IndexFunc(floors, func(rooms []string) bool { return slices.Contains(rooms, room) })
}

func engine(room string) bool { return room == "cpu" || strings.HasPrefix(room, "cpu/") }

func list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, complaint.String())
	}
	var lines []string
	for scan := bufio.NewScanner(bytes.NewReader(out)); scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	return lines
}
