package op

import "strconv"

// Codes names the pieces of threaded code that a flavour may have, in an order that the generator and the table of a flavour
// share: of each op and most moves one for whole strips and one for tails, and as many copies as Copies says.
func Codes() []string {
	var names []string
	add := func(name string, forms ...string) {
		for k := range Copies(name) {
			for _, form := range forms {
				names = append(names, Copy(name, k)+form)
			}
		}
	}
	for o := None + 1; o < Count; o++ {
		add(o.String(), "Full", "Tail")
	}
	for _, name := range []string{"Load", "Store", "StorePast", "Ahead", "AheadRow", "IntoAdd", "IntoMax", "IntoMin"} {
		add(name, "Full", "Tail")
	}
	for _, name := range []string{"LoadOne", "StoreOne", "Spread", "FoldAdd", "FoldMax", "FoldMin", "BeginTail", "AgainTail", "Once", "NextRow", "End"} {
		add(name, "Tail")
	}
	add("Begin", "Full")
	add("Again", "Full")
	return names
}

// Copies returns how many copies there are of a piece of threaded code. Each ends with a jump to what follows, and a core that
// expects a jump to go where it went the last time (measured: Zen 3 under a hypervisor, some 25 cycles for each that does not)
// expects right where no copy is used twice in a program.
func Copies(name string) int {
	switch name {
	case "Load", "Store", "Add", "Sub", "RSub", "Mul", "Square", "MulAdd", "NegMulAdd", "MulAddTo", "NegMulAddTo", "IntoAdd", "Spread":
		return 8
	}
	return 1
}

// Copy names copy k of a piece of threaded code.
func Copy(name string, k int) string {
	if k == 0 {
		return name
	}
	return name + strconv.Itoa(k)
}
