package op

// Codes names the pieces of threaded code that a flavour may have, in an order that the generator and the table of a flavour
// share: of each op and most moves one for whole strips and one for tails.
func Codes() []string {
	var names []string
	both := func(name string) { names = append(names, name+"Full", name+"Tail") }
	for o := None + 1; o < Count; o++ {
		both(o.String())
	}
	for _, name := range []string{"Load", "Store", "StorePast", "Ahead", "AheadRow", "IntoAdd", "IntoMax", "IntoMin"} {
		both(name)
	}
	for _, name := range []string{"LoadOne", "StoreOne", "Spread", "FoldAdd", "FoldMax", "FoldMin", "BeginTail", "AgainTail", "Once", "NextRow"} {
		names = append(names, name+"Tail")
	}
	return append(names, "BeginFull", "AgainFull", "EndTail")
}
