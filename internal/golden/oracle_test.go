package golden

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// oracle walks testdata/oracle once: the rooms that have a manifest, and every other file, by slash paths.
func oracle(t *testing.T) (rooms, files []string) {
	t.Helper()
	top := filepath.Join(Root(t), "testdata", "oracle")
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err = filepath.Rel(top, name)
		if name = filepath.ToSlash(name); path.Base(name) == "MANIFEST.json" {
			rooms = append(rooms, path.Dir(name))
		} else {
			files = append(files, name)
		}
		return err
	})
	if err != nil || len(rooms) == 0 {
		t.Fatalf("found %d rooms: %v", len(rooms), err)
	}
	return rooms, files
}

// TestOracleMatchesItsMakers keeps maker and made together: each fixture is the file that its record describes, made by
// the script that stands in the repository now.
func TestOracleMatchesItsMakers(t *testing.T) {
	rooms, _ := oracle(t)
	for _, room := range rooms {
		script := hexSum(source(t, filepath.Join(Root(t), "scripts", "oracle", filepath.FromSlash(room)+".py")))
		for name, r := range ReadManifest(t, room).Fixtures {
			if r.ScriptSHA256 != script {
				t.Errorf("%s/%s: its script changed since; make it again: python scripts/fixtures.py %s", room, name, room)
			}
			if got := hexSum(read(t, filepath.Join(Root(t), "testdata", "oracle", filepath.FromSlash(room), name+".safetensors"))); got != r.SHA256 {
				t.Errorf("%s/%s: file has sha256 %s, the manifest says %s", room, name, got, r.SHA256)
			}
		}
	}
}

var shared = regexp.MustCompile(`(?m)^(?:from|import) (_\w+)`)

// source is what fixtures.py hashes: the text of a script and of the underscore modules that it imports, by name.
func source(t *testing.T, script string) []byte {
	t.Helper()
	text := read(t, script)
	var names []string
	for _, m := range shared.FindAllSubmatch(text, -1) {
		names = append(names, string(m[1])+".py")
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		beside := filepath.Join(filepath.Dir(script), name)
		if _, err := os.Stat(beside); err != nil {
			beside = filepath.Join(Root(t), "scripts", "oracle", name)
		}
		text = append(text, read(t, beside)...)
	}
	return text
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func hexSum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// TestEveryOracleFileHasARecord finds files that nobody vouches for, and files too large for a repository.
func TestEveryOracleFileHasARecord(t *testing.T) {
	_, files := oracle(t)
	for _, file := range files {
		full := filepath.Join(Root(t), "testdata", "oracle", filepath.FromSlash(file))
		name, isFixture := strings.CutSuffix(path.Base(file), ".safetensors")
		if _, err := os.Stat(filepath.Join(filepath.Dir(full), "MANIFEST.json")); err != nil || !isFixture {
			t.Errorf("%s: expected a .safetensors file beside a MANIFEST.json", file)
			continue
		}
		if _, ok := ReadManifest(t, path.Dir(file)).Fixtures[name]; !ok {
			t.Errorf("%s: no record in MANIFEST.json; make it with: python scripts/fixtures.py %s", file, path.Dir(file))
		}
		if info, err := os.Stat(full); err != nil || info.Size() > 1_000_000 {
			t.Errorf("%s: %d bytes (%v), want at most 1000000: make the model smaller", file, info.Size(), err)
		}
	}
}

// TestEveryRecordBindsUs reads the manifests as raw JSON: a tolerance that is absent would otherwise read as exact, and a
// misspelt field as none.
func TestEveryRecordBindsUs(t *testing.T) {
	rooms, _ := oracle(t)
	for _, room := range rooms {
		text := read(t, filepath.Join(Root(t), "testdata", "oracle", filepath.FromSlash(room), "MANIFEST.json"))
		var manifest struct {
			Fixtures map[string]map[string]json.RawMessage `json:"fixtures"`
		}
		if err := json.Unmarshal(text, &manifest); err != nil || len(manifest.Fixtures) == 0 {
			t.Errorf("%s: %d fixtures: %v", room, len(manifest.Fixtures), err)
		}
		for name, fields := range manifest.Fixtures {
			if fault := unbound(fields); fault != "" {
				t.Errorf("%s/%s: %s", room, name, fault)
			}
		}
	}
}

// unbound says what is wrong with a record, or nothing.
func unbound(fields map[string]json.RawMessage) string {
	for field := range fields {
		if !slices.Contains([]string{"script_sha256", "sha256", "torch", "packages", "seed", "dtype", "tolerance", "reason"}, field) {
			return "unknown field " + field
		}
	}
	for _, field := range []string{"script_sha256", "sha256", "torch", "dtype", "reason"} {
		var s string
		if json.Unmarshal(fields[field], &s) != nil || strings.TrimSpace(s) == "" {
			return "expected text in " + field
		}
	}
	var bound map[string]float64
	if json.Unmarshal(fields["tolerance"], &bound) != nil || len(bound) == 0 {
		return "expected a tolerance: rel and abs, or ulp"
	}
	for kind, v := range bound {
		if kind != "rel" && kind != "abs" && (kind != "ulp" || len(bound) > 1) || !(v >= 0 && v < 1 || kind == "ulp" || v >= 0 && string(fields["dtype"]) == `"u8"`) {
			return "tolerance " + string(fields["tolerance"]) + ": expected rel and abs below 1 (levels of u8: any abs), or ulp alone"
		}
	}
	return ""
}

func TestUnboundRecordsAreFound(t *testing.T) {
	const good = `"script_sha256":"1","sha256":"2","torch":"2.15.0","seed":1,"reason":"r",`
	for record, want := range map[string]string{
		`{` + good + `"dtype":"f32","tolerance":{"rel":1e-6,"abs":0}}`:          "",
		`{` + good + `"dtype":"f32","tolerance":{"ulp":3}}`:                     "",
		`{` + good + `"dtype":"u8","tolerance":{"abs":3}}`:                      "",
		`{` + good + `"dtype":"f32","tolerance":{"abs":3}}`:                     "below 1",
		`{` + good + `"dtype":"f32","tolerance":{"rel":-1}}`:                    "below 1",
		`{` + good + `"dtype":"f32","tolerance":{"ulp":3,"abs":1e-3}}`:          "ulp alone",
		`{` + good + `"dtype":"f32","tolerance":{"relative":0.1}}`:              "expected rel and abs",
		`{` + good + `"dtype":"f32","tolerance":{}}`:                            "expected a tolerance",
		`{` + good + `"dtype":"f32"}`:                                           "expected a tolerance",
		`{` + good + `"dtype":"f32","tolerance":{"ulp":0},"tolerances":{}}`:     "unknown field tolerances",
		`{` + good + `"dtype":" ","tolerance":{"ulp":0}}`:                       "expected text in dtype",
		`{"script_sha256":"1","sha256":"2","torch":"2","dtype":"f32","seed":1}`: "expected text in reason",
	} {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(record), &fields); err != nil {
			t.Fatal(err)
		}
		if got := unbound(fields); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
	}
}

// TestEveryMakerIsDescribedAndMade demands of each room's script a description at its head, and a manifest.
func TestEveryMakerIsDescribedAndMade(t *testing.T) {
	rooms, _ := oracle(t)
	top := filepath.Join(Root(t), "scripts", "oracle")
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".py") {
			return err
		}
		if !strings.HasPrefix(string(read(t, name)), `"""`) {
			t.Errorf("%s: expected a description at its head", name)
		}
		room, _ := filepath.Rel(top, strings.TrimSuffix(name, ".py"))
		if room = filepath.ToSlash(room); !strings.HasPrefix(path.Base(room), "_") && !slices.Contains(rooms, room) {
			t.Errorf("%s: made nothing yet; run: python scripts/fixtures.py %s", name, room)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFixturesWereMadeByThePinnedVersions compares the manifests with scripts/requirements-oracle.txt and, for a room
// that has one, requirements-oracle-<room>.txt.
func TestFixturesWereMadeByThePinnedVersions(t *testing.T) {
	rooms, _ := oracle(t)
	for _, room := range rooms {
		pinned := pins(t, "requirements-oracle.txt")
		own := "requirements-oracle-" + strings.ReplaceAll(room, "/", "-") + ".txt"
		if _, err := os.Stat(filepath.Join(Root(t), "scripts", own)); err == nil {
			for name, version := range pins(t, own) {
				pinned[name] = version
			}
		}
		for name, r := range ReadManifest(t, room).Fixtures {
			torch, _, _ := strings.Cut(r.Torch, "+") // without the build: 2.15.0+cpu
			if torch != pinned["torch"] {
				t.Errorf("%s/%s: made by torch %s, pinned is %s", room, name, torch, pinned["torch"])
			}
			for p, version := range r.Packages {
				if want := pinned[strings.ToLower(p)]; version != want {
					t.Errorf("%s/%s: made by %s %s, pinned is %q", room, name, p, version, want)
				}
			}
		}
	}
}

func pins(t *testing.T, file string) map[string]string {
	t.Helper()
	text := read(t, filepath.Join(Root(t), "scripts", file))
	versions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.ToLower(strings.TrimSpace(line))
		if line == "" || line[0] == '#' {
			continue
		}
		name, version, ok := strings.Cut(line, "==")
		if !ok {
			t.Errorf("scripts/%s: %q: expected package==version", file, line)
		}
		versions[name] = version
	}
	return versions
}
