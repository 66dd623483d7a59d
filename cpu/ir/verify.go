package ir

import (
	"errors"
	"fmt"
	"reflect"
)

// Verify checks that f, and every function it runs, can be read as data: values are numbered densely and defined
// once, before they are read; ops have the operands, bodies, attribute and number of results of their kind; types
// agree where functions meet. Whether an op's result type is right is for shape inference to say.
func Verify(f *Func) error { return newVerifier().check(f) }

type verifier struct{ done map[*Func]bool }

func newVerifier() *verifier { return &verifier{done: make(map[*Func]bool)} }

func (c *verifier) check(f *Func) error {
	if c.done[f] {
		return nil
	}
	c.done[f] = true
	if err := c.function(f); err != nil {
		return fmt.Errorf("ir: func @%s: %w", f.Name, err)
	}
	return nil
}

func (c *verifier) function(f *Func) error {
	defined := make([]*Value, f.values)
	define := func(v *Value) error {
		switch {
		case v.ID < 0 || v.ID >= len(defined):
			return fmt.Errorf("%s: ID outside 0..%d", v, len(defined)-1)
		case defined[v.ID] != nil:
			return fmt.Errorf("%s is defined twice", v)
		case !v.Shape.Ok():
			return fmt.Errorf("%s has no type", v)
		}
		defined[v.ID] = v
		return nil
	}
	if len(f.Params) != len(f.ParamNames) {
		return fmt.Errorf("%d parameters, %d names", len(f.Params), len(f.ParamNames))
	}
	for _, list := range [][]*Value{f.Params, f.Captures} {
		for _, v := range list {
			if v.Def != nil {
				return fmt.Errorf("%s is a parameter or capture and an op's result", v)
			}
			if err := define(v); err != nil {
				return err
			}
		}
	}
	for _, op := range f.Ops {
		for v := range op.Inputs {
			if v.ID >= len(defined) || defined[v.ID] != v {
				return fmt.Errorf("%s: %s is not defined before it is read", op, v)
			}
		}
		if err := c.op(op); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		for i, v := range op.Results {
			if v.Def != op || v.Index != i {
				return fmt.Errorf("%s: result %d does not point back", op, i)
			}
			if err := define(v); err != nil {
				return err
			}
		}
	}
	return checkResults(f, defined)
}

func checkResults(f *Func, defined []*Value) error {
	if len(f.Results) == 0 {
		return errors.New("no results")
	}
	for _, v := range f.Results {
		if v == nil || v.ID >= len(defined) || defined[v.ID] != v {
			return fmt.Errorf("result %s is not a value of this function", v)
		}
	}
	for i, v := range defined {
		if v == nil {
			return fmt.Errorf("v%d is not defined", i)
		}
	}
	return nil
}

func (c *verifier) op(op *Op) error {
	if op.Kind == Invalid || int(op.Kind) >= len(infos) {
		return errors.New("no such kind")
	}
	k := infos[op.Kind]
	switch {
	case len(op.Args) < k.fixed || len(op.Args) > k.fixed && !k.list:
		return fmt.Errorf("%d operands, expected %d", len(op.Args), k.fixed)
	case len(op.Results) < k.results || len(op.Results) > k.results && !k.more:
		return fmt.Errorf("%d results, expected %d", len(op.Results), k.results)
	case len(op.Bodies) != k.bodies:
		return fmt.Errorf("%d functions, expected %d", len(op.Bodies), k.bodies)
	case reflect.TypeOf(op.Attr) != reflect.TypeOf(k.attr):
		return fmt.Errorf("attribute of type %T, expected %T", op.Attr, k.attr)
	}
	for _, body := range op.Bodies {
		if err := c.body(body); err != nil {
			return err
		}
	}
	return nil
}

func (c *verifier) body(body Body) error {
	if body.Func == nil {
		return errors.New("a function is missing")
	}
	if len(body.Captures) != len(body.Func.Captures) {
		return fmt.Errorf("@%s gets %d captures, expected %d", body.Func.Name, len(body.Captures), len(body.Func.Captures))
	}
	for i, v := range body.Captures {
		if v == nil {
			return fmt.Errorf("@%s: capture %d is missing", body.Func.Name, i)
		}
		if want := body.Func.Captures[i].Shape; !v.Shape.Equal(want) {
			return fmt.Errorf("@%s: capture %d is %s, expected %s", body.Func.Name, i, ShapeText(v.Shape), ShapeText(want))
		}
	}
	return c.check(body.Func)
}
