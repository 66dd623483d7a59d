package part

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Decoder is a causal language model that can read a text piece by piece: what it keeps of the positions before makes the
// next one cost one position, not the whole text.
type Decoder interface {
	Model

	// Cache returns how many layers keep something, and the shape of the keys, and of the values, of one of them for b
	// texts: [B, G, S, K] with S positions.
	Cache(b int) (layers int, each shapes.Shape)

	// Decode returns the logits [B, T, V] of tokens [B, T], which stand at the positions from c.Start on, and adds them to c.
	// They equal Forward's at these positions.
	Decode(s *model.Scope, tokens *Node, c *Cache) *Node
}

// Cache holds the keys and values of a text's positions in a graph. Positions from Start on are unread, whatever is there.
type Cache struct {
	Start        *Node   // int32 scalar: how many positions were read before
	Keys, Values []*Node // of each layer, [B, G, S, K]
}

// Layer is the cache of one layer; that of a nil cache is nil: a text that is read at once.
func (c *Cache) Layer(i int) *Memory {
	if c == nil {
		return nil
	}
	return &Memory{c.Start, &c.Keys[i], &c.Values[i]}
}

// Memory is the part of a Cache that one layer reads and writes.
type Memory struct {
	start        *Node
	keys, values **Node
}

// Add writes the keys and values [B, G, T, K] of T new positions and returns those of all positions, [B, G, S, K].
func (m *Memory) Add(k, v *Node) (keys, values *Node) {
	*m.keys, *m.values = m.write(*m.keys, k), m.write(*m.values, v)
	return *m.keys, *m.values
}

// write puts fresh [B, G, T, K] over the positions start to start+T-1 of all [B, G, S, K]. It is a gather and a choice:
// GoMLX's Go backend has no DynamicUpdateSlice.
func (m *Memory) write(all, fresh *Node) *Node {
	g, s, t := all.Graph(), all.Shape().Dimensions[2], fresh.Shape().Dimensions[2]
	from := Sub(Iota(g, shape(i32, s), 0), m.start) // which of the fresh positions belongs at each of all: [S]
	first, last := Scalar(g, i32, 0), Scalar(g, i32, t-1)
	inside := LogicalAnd(GreaterOrEqual(from, first), LessOrEqual(from, last))
	if t > 1 {
		rows := Gather(TransposeAllDims(fresh, 2, 0, 1, 3), Reshape(Clip(from, first, last), s, 1)) // [S, B, G, K]
		fresh = TransposeAllDims(rows, 1, 2, 0, 3)                                                  // [B, G, S, K]
	}
	whole := all.Shape().Dimensions
	return Where(BroadcastToDims(Reshape(inside, 1, 1, s, 1), whole...), BroadcastToDims(fresh, whole...), all)
}

// positions returns where t new positions stand, int32 [T].
func (m *Memory) positions(t int) *Node {
	return Add(Iota(m.start.Graph(), shape(i32, t), 0), m.start)
}

// length is the number of positions that a text can have.
func (m *Memory) length() int { return (*m.keys).Shape().Dimensions[2] }
