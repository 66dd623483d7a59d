package part

import . "github.com/gomlx/gomlx/core/graph"

// Remat returns block(x). With on, a gradient of the block computes the block's values again from x instead of keeping
// them through the rest of the forward pass: gradient checkpointing (arXiv:1604.06174). It costs the block's forward pass
// a second time, and changes no value.
func Remat(on bool, x *Node, block func(x *Node) *Node) *Node {
	if !on {
		return block(x)
	}
	return block(x.Checkpoint()).StopCheckpoint()
}
