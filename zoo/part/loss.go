package part

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

const (
	f32 = dtypes.Float32
	i32 = dtypes.Int32
)

func shape(dtype dtypes.DType, dims ...int) shapes.Shape { return shapes.Make(dtype, dims...) }

// CrossEntropy returns -ln softmax(logits)[label] in nats for logits [..., V] and labels int32 [...]: float32 [...].
func CrossEntropy(logits, labels *Node) *Node {
	logits = ConvertDType(logits, f32)
	return Sub(logSumExp(logits), pick(logits, labels))
}

// SoftCrossEntropy returns -sum(target * ln softmax(logits)) for logits and targets [..., V]: float32 [...].
func SoftCrossEntropy(logits, targets *Node) *Node {
	logits, targets = ConvertDType(logits, f32), ConvertDType(targets, f32)
	total := ReduceSum(targets, -1)
	return Sub(Mul(total, logSumExp(logits)), ReduceSum(Mul(targets, logits), -1))
}

// Scores returns the sums that Model.Score promises, of logits [..., V] and labels int32 [...].
func Scores(logits, labels *Node) (nll, correct, count *Node) {
	logits = ConvertDType(logits, f32)
	nll = ReduceAllSum(CrossEntropy(logits, labels))
	hits := GreaterOrEqual(pick(logits, labels), ReduceMax(logits, -1))
	correct = ReduceAllSum(ConvertDType(hits, f32))
	return nll, correct, Scalar(logits.Graph(), f32, float64(labels.Shape().Size()))
}

// logSumExp is ln(sum(exp(x))) along the last axis, stable for large x.
func logSumExp(x *Node) *Node {
	top := StopGradient(ReduceMax(x, -1))
	return Add(Log(ReduceSum(Exp(Sub(x, ExpandAxes(top, -1))), -1)), top)
}

// pick returns logits[..., label]. It is a masked sum and not a gather: the gradient of a gather is a scatter, which no
// kernel can fuse with the softmax around it.
func pick(logits, labels *Node) *Node {
	index := Iota(logits.Graph(), shape(i32, logits.Shape().Dimensions...), -1)
	here := Equal(index, BroadcastToDims(ExpandAxes(ConvertDType(labels, i32), -1), logits.Shape().Dimensions...))
	return ReduceSum(Where(here, logits, ZerosLike(logits)), -1)
}
