package op

import "slices"

// Kind is what a loop knows of an operand.
type Kind byte

const (
	Other  Kind = 0
	Array  Kind = 'A' // an array, in which a row is traversed
	Number Kind = 'N' // a strip with one number in every lane
	Sums   Kind = 'S' // strips in which a row is added up
)

// Step is an instruction of a loop, with the kinds of its operands.
type Step struct {
	Name  string
	Slots []Kind
}

// Loops lists the traversals of a row that are one piece of code: sums of the row, of squares and of squared differences, RMSNorm's
// and LayerNorm's last, and DyT; for rows that are near, and for rows that come from memory, which are asked for ahead.
func Loops() [][]Step {
	var loops [][]Step
	load, square, sum := Step{"Load", []Kind{Array}}, Step{"Square", nil}, Step{"IntoAdd", []Kind{Sums}}
	sub, scale, weight := Step{"Sub", []Kind{Number}}, Step{"Mul", []Kind{Number}}, Step{"Mul", []Kind{Array}}
	tanh, affine := Step{"Tanh", nil}, Step{"MulAdd", []Kind{Array, Array}}
	add := func(ahead string, steps ...Step) {
		loops = append(loops, steps, slices.Concat([]Step{{ahead, []Kind{Array}}}, steps))
	}
	add("AheadFirst", load, sum)
	add("AheadFirst", load, square, sum)
	add("AheadFirst", load, sub, square, sum)
	for _, to := range []string{"Store", "StorePast"} {
		store := Step{to, []Kind{Array}}
		add("AheadSecond", load, scale, weight, store)
		add("AheadSecond", load, sub, scale, affine, store)
		add("Ahead", load, scale, tanh, affine, store)
	}
	return loops
}

// LoopName names a loop after its steps.
func LoopName(steps []Step) string {
	var names []string
	for _, s := range steps {
		name := s.Name
		for _, kind := range s.Slots {
			name += string(kind)
		}
		names = append(names, name)
	}
	return "Loop" + Chain(names...)
}
