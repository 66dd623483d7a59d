package host

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build says what a binary was made from.
type Build struct {
	Version  string            `json:"version"` // module version, or "(devel)"
	Commit   string            `json:"commit,omitempty"`
	Modified bool              `json:"modified,omitempty"` // the working tree had changes
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Modules  map[string]string `json:"modules"` // the framework's versions
}

// ThisBuild is that of the running program.
func ThisBuild() Build {
	b := Build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Modules: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/gomlx/gomlx" || m.Path == "github.com/gomlx/compute" {
			b.Modules[m.Path] = m.Version
		}
	}
	return b
}

// String is the versions in a line.
func (b Build) String() string {
	line := fmt.Sprintf("dyt %s %s %s", b.Version, b.Go, b.Platform)
	for _, path := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute"} {
		if version := b.Modules[path]; version != "" {
			line += fmt.Sprintf(" %s %s", path, version)
		}
	}
	return line
}
