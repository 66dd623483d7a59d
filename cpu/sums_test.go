package cpu_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Sums of types that have no kernel are the Go backend's to the bit, over any axes: of short floats they are rounded once, of long
// ones added in the same order.
func TestSumsOfOtherTypesAreTheGoBackends(t *testing.T) {
	reference, ours := openReference(t), openBackend(t, "")
	for _, dtype := range []dtypes.DType{dtypes.BFloat16, dtypes.Float16, dtypes.Float64} {
		for _, c := range []struct{ dims, axes []int }{
			{[]int{17, 50, 33}, []int{0, 2}}, {[]int{3, 17, 50, 33}, []int{1, 3}}, {[]int{17, 33}, nil}, {[]int{2, 70000}, []int{1}},
		} {
			t.Run(fmt.Sprintf("%s of %v over %v", dtype, c.dims, c.axes), func(t *testing.T) {
				graph := func(x *Node) *Node {
					return ReduceSum(ConvertDType(Exp(ConvertDType(x, dtypes.Float64)), dtype), c.axes...)
				}
				want, got := bytesOf(t, reference, graph, c.dims), bytesOf(t, ours, graph, c.dims)
				if string(got) != string(want) {
					t.Errorf("got %x, the Go backend has %x", got, want)
				}
			})
		}
	}
}

// bytesOf returns what a graph gives of numbers that no sum of is exact.
func bytesOf(t *testing.T, backend compute.Backend, graph func(x *Node) *Node, dims []int) (bytes []byte) {
	x := tensors.FromFlatDataAndDimensions(pattern[float32](product(dims), func(k int) float32 { return float32(math.Sin(float64(k))) + 0.3 }), dims...)
	e := MustNewExec(backend, graph)
	defer e.Finalize()
	e.MustCall(x)[0].MustConstFlatData(func(flat any) { bytes = append(bytes, dtypes.UnsafeByteSliceFromAny(flat)...) })
	return bytes
}
