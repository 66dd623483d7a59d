package elem

import (
	"reflect"

	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// Unary returns the kernel of o, nil if there is none.
func (t *Table) Unary(o op.Op) Unary { return field[Unary](t, o, "") }

// Binary returns the kernel of o for two arrays.
func (t *Table) Binary(o op.Op) Binary {
	if o == op.RMax || o == op.RMin || o == op.RPow {
		return func(dst, x, y []float32) { t.Binary(o.Reversed())(dst, y, x) }
	}
	return field[Binary](t, o, "")
}

// Scalar returns the kernel of o for an array and a number.
func (t *Table) Scalar(o op.Op) Scalar {
	switch o {
	case op.RMax, op.RMin: // of 0 and -0 it takes the other one
		o = o.Reversed()
	}
	return field[Scalar](t, o, "Scalar")
}

// field returns the kernel in the field of t that is called as o.
func field[K any](t *Table, o op.Op, suffix string) (kernel K) {
	if f := reflect.ValueOf(t).Elem().FieldByName(o.String() + suffix); f.IsValid() {
		kernel, _ = f.Interface().(K)
	}
	return kernel
}
