package vec

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

// Open reads the command line of a generator, avo's own flags among it, and begins the file of the flavour that it names.
func Open() *Flavour {
	name := flag.String("flavour", "avx512", "avx512 or avx2")
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	return For(*name)
}

// Tag ends the names of the flavour's functions.
func (f *Flavour) Tag() string {
	if f.Wide {
		return "Z"
	}
	return "Y"
}

// Begin begins a function of Go, the flavour's own for a slot of a family's table.
func (f *Flavour) Begin(table, name, signature string) {
	TEXT(name+f.Tag(), NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + f.Tag() + " is " + table + "." + name + " for " + f.Name + ".")
}
