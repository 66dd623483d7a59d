package data

import (
	"fmt"
	"strings"
)

// Missing says that a data set is not in its folder, and all that is needed to put it there: by `dyt get`, or by hand
// from the addresses it names. Test for it with errors.As.
type Missing struct {
	Set  Set
	Dir  string // the folder that was looked in
	File File   // the first file that is absent or has a wrong size
	Err  error  // what the file system said
}

func (m *Missing) Unwrap() error { return m.Err }

func (m *Missing) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "data: %s is not in %s: %s: %v", m.Set.Name, m.Dir, m.File.Name, m.Err)
	for _, p := range m.Set.Parts {
		fmt.Fprintf(&b, "\n  address %s\n  size    %d bytes, sha256 %s", p.URL, p.Size, p.SHA256)
		if len(p.Members) > 0 {
			b.WriteString("\n  unpack  ")
			for i, f := range p.Files() {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(f.Name)
			}
		}
	}
	fmt.Fprintf(&b, "\n  folder  %s\nrun: dyt get %s", m.Dir, m.Set.Name)
	return b.String()
}
