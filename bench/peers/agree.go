package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/dyt-go/dyt/weights"
)

// How far two frameworks may be apart. They add the same float32 numbers in different orders.
const (
	// sameValue bounds losses and norms of gradients, relative: sums over 4e5 elements behind 12 layers.
	sameValue = 1e-4
	// sameTensor bounds y and dx, relative to the largest element: one row each, of 4096 elements.
	sameTensor = 1e-5
	// sameSum bounds the gradients of parameters, relative to the largest element: sums over 4096 rows, and of alpha over
	// 1.7e7 elements of both signs whose sum is a thousandth of their magnitudes'.
	sameSum = 1e-3
)

// agreeValues compares the numbers that both computed.
func agreeValues(peer string, a, b map[string]float64) error {
	for name, x := range a {
		y, found := b[name]
		if !found {
			return fmt.Errorf("peers: %s returned no %s", peer, name)
		}
		if !(math.Abs(x-y) <= sameValue*max(math.Abs(x), math.Abs(y))) {
			return fmt.Errorf("peers: %s: %s has %v, %s has %v: more than %g apart, so the two do not compute the same", name, ours, x, peer, y, sameValue)
		}
	}
	return nil
}

// agreeFiles compares the tensors of two files: the same names, shapes and, nearly, values.
func agreeFiles(peer, a, b string) error {
	x, err := readTensors(a)
	if err != nil {
		return err
	}
	y, err := readTensors(b)
	if err != nil {
		return err
	}
	if len(x) != len(y) {
		return fmt.Errorf("peers: %s returned %d tensors, %s %d", ours, len(x), peer, len(y))
	}
	for _, t := range x {
		i := slices.IndexFunc(y, func(u weights.Tensor) bool { return u.Name == t.Name })
		if i < 0 {
			return fmt.Errorf("peers: %s returned no tensor %s", peer, t.Name)
		}
		if err := agreeTensor(peer, t, y[i]); err != nil {
			return err
		}
	}
	return nil
}

func agreeTensor(peer string, a, b weights.Tensor) error {
	x, err := a.Float32s()
	if err != nil {
		return err
	}
	y, err := b.Float32s()
	if err != nil {
		return err
	}
	if len(x) != len(y) {
		return fmt.Errorf("peers: %s: %s has shape %v, %s has %v", a.Name, ours, a.Shape, peer, b.Shape)
	}
	bound := sameTensor
	if a.Name != "y" && a.Name != "dx" {
		bound = sameSum
	}
	largest, worst, at := 0.0, 0.0, 0
	for i := range x {
		largest = max(largest, math.Abs(float64(y[i])))
		if d := math.Abs(float64(x[i]) - float64(y[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= bound*largest) {
		return fmt.Errorf("peers: %s[%d]: %s has %v, %s has %v: more than %g of the largest element %v apart", a.Name, at, ours, x[at], peer, y[at], bound, largest)
	}
	return nil
}
