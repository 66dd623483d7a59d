package op

import (
	"slices"
	"strconv"
	"strings"
)

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
	for _, name := range []string{"Load", "Store", "StorePast", "Ahead", "AheadFirst", "AheadSecond", "IntoAdd", "IntoMax", "IntoMin"} {
		add(name, "Full", "Tail")
	}
	for _, name := range []string{"LoadOne", "StoreOne", "Spread", "Start", "FoldAdd", "FoldMax", "FoldMin", "BeginTail", "AgainTail", "Once", "NextRow", "End"} {
		add(name, "Tail")
	}
	add("Begin", "Full")
	add("Again", "Full")
	for _, chain := range Chains() {
		add(Chain(chain...), "Full")
	}
	for _, steps := range Loops() {
		add(LoopName(steps), "Full")
	}
	return names
}

// Chains lists the sequences of instructions that are one piece of code for whole strips, besides a piece each: how most
// traversals begin, and how they end (measured: elem/KERNEL.md).
func Chains() [][]string {
	chains := [][]string{{"Mul", "Mul"}}
	for _, ahead := range [][]string{nil, {"Ahead"}, {"AheadFirst"}, {"AheadSecond"}} {
		load := slices.Concat(ahead, []string{"Load"})
		if ahead != nil {
			chains = append(chains, load, slices.Concat(ahead, ahead))
		}
		for _, first := range []string{"Add", "Sub", "RSub", "Mul", "Square", "MulAdd"} {
			chains = append(chains, slices.Concat(load, []string{first}))
		}
	}
	for _, to := range []string{"Store", "StorePast", "IntoAdd"} {
		for _, last := range [][]string{nil, {"Add"}, {"Mul"}, {"Square"}, {"MulAdd"}, {"MulAddTo"}} {
			end := slices.Concat(last, []string{to})
			if last != nil {
				chains = append(chains, end)
			}
			chains = append(chains, slices.Concat(end, []string{"Again"}))
		}
	}
	return chains
}

// Chain names a sequence of instructions.
func Chain(names ...string) string { return strings.Join(names, "Then") }

// Copies returns how many copies there are of a piece of threaded code. Each ends with a jump to what follows, and a core that
// expects a jump to go where it went the last time (measured: Zen 3 under a hypervisor, some 25 cycles for each that does not)
// expects right where no copy is used twice in a program.
func Copies(name string) int {
	switch name {
	case "Load", "Store", "Add", "Sub", "RSub", "Mul", "Square", "MulAdd", "NegMulAdd", "MulAddTo", "NegMulAddTo", "IntoAdd", "Spread":
		return 8
	}
	if strings.Contains(name, "Then") && !strings.HasPrefix(name, "Loop") {
		return 2
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
