package measure

import (
	"fmt"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// Product is the shape of a matrix product: C [M, N] = A [M, K] B [K, N].
type Product struct{ M, K, N int }

// Products are the dense layers of the benchmark's networks, a ViT-Ti over 2,080 tokens and a LLaMA of 0.84 M over 2,048, and
// a large square.
var Products = []Product{
	{1024, 1024, 1024},
	{2080, 192, 576}, {2080, 192, 192}, {2080, 192, 768}, {2080, 768, 192},
	{2048, 128, 128}, {2048, 128, 352}, {2048, 352, 128},
}

// How the operands of a product lie in memory: N as they are multiplied, T transposed.
const (
	NN = "NN" // A [M, K], B [K, N]
	NT = "NT" // A [M, K], B [N, K]: a dense layer forward, weights as checkpoints have them
	TN = "TN" // A [K, M], B [K, N]: the gradient of a weight
)

// GemmsBytes is about the memory that Gemms takes: both operands of every form, and the result of one.
func GemmsBytes(products []Product) float64 {
	sum, largest := 0.0, 0.0
	for _, p := range products {
		m, k, n := float64(p.M), float64(p.K), float64(p.N)
		sum, largest = sum+3*4*(m*k+k*n), max(largest, 4*m*n)
	}
	return sum + largest
}

// Gemms returns the cases of matrix products, each as NN, NT and TN.
func Gemms(backend compute.Backend, products []Product) ([]Case, error) {
	var cases []Case
	for _, p := range products {
		if p.M < 1 || p.K < 1 || p.N < 1 {
			return nil, fmt.Errorf("measure: gemm: shape %dx%dx%d, expected positive numbers", p.M, p.K, p.N)
		}
		for _, form := range []string{NN, NT, TN} {
			run, err := productRun(backend, p, form)
			if err != nil {
				return nil, err
			}
			cases = append(cases, Case{Op: "gemm", Mode: form, Shape: []int{p.M, p.K, p.N}, Flops: 2 * float64(p.M) * float64(p.K) * float64(p.N),
				Bytes: 4 * float64(p.M*p.K+p.K*p.N+p.M*p.N), Run: run})
		}
	}
	return cases, nil
}

func productRun(backend compute.Backend, p Product, form string) (func() error, error) {
	aDims, bDims, aAxis, bAxis := [2]int{p.M, p.K}, [2]int{p.K, p.N}, 1, 0
	switch form {
	case NT:
		bDims, bAxis = [2]int{p.N, p.K}, 1
	case TN:
		aDims, aAxis = [2]int{p.K, p.M}, 0
	}
	a, b := draw(1, aDims[0], aDims[1]), draw(2, bDims[0], bDims[1])
	exec, err := NewExec(backend, func(a, b *Node) *Node { return DotGeneral(a, []int{aAxis}, nil, b, []int{bAxis}, nil) })
	if err != nil {
		return nil, err
	}
	return func() error { return call(exec, a, b) }, nil
}
