// Package attn computes softmax attention of one head, forward and backward, without storing probabilities.
//
// The scores of a block of queries are a matrix product with packed keys, become probabilities where they lie, in the
// first-level cache, and are multiplied with packed values. The backward pass computes the scores again from the largest
// score and the sum of exponentials that the forward pass keeps for each query. Products come from gemm (scores.go); what happens to a
// row of scores is a flavour of Rows: reference Go (attn_ref.go), AVX2 or AVX-512 assembly written by _gen/attn. The
// package knows no graph and starts no goroutine. Read this file first, then forward.go.
package attn

import (
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// Rows is one flavour of what happens to a block of scores: rows of cols floats, each beginning line floats after the one
// before. Row i sees its first min(cols, seen+i*more) columns, at least one. Softmax and Gradient may read and write whole
// registers, so that line must be cols rounded up to Lanes or more; what they find there and in columns that a row does not
// see is without meaning, even a NaN, and becomes 0.
type Rows struct {
	Name  string
	Lanes int // floats in a register

	// Mask makes x[i,j] = scale*x[i,j] + mask[i*step+j]. It changes up to a whole register of each row, but reads cols of mask.
	Mask func(x []float32, line, rows, cols int, scale float32, mask []float32, step int)
	// Hide makes x[i,j] hidden where mask[i*step+j] is 0, whatever it is. It changes and reads what Mask does.
	Hide func(x []float32, line, rows, cols int, hidden float32, mask []float32, step int)
	// Softmax makes x[i,j] = 2^(scale*(x[i,j]-max[i])) with max[i] the largest x of the row and sum[i] the sum.
	Softmax func(x []float32, line, rows, cols, seen, more int, scale float32, max, sum []float32)
	// Gradient makes p[i,j] = 2^(scale2*(p[i,j]-max[i])) / sum[i], and dp[i,j] = scale * p[i,j] * (dp[i,j] - sum over j of
	// p[i,j]*dp[i,j]) with the new p.
	Gradient func(p, dp []float32, line, rows, cols, seen, more int, scale2, scale float32, max, sum []float32)
	// Divide divides row i by sum[i]. It touches no other column.
	Divide func(x []float32, line, rows, cols int, sum []float32)
}

// Kernel is one flavour of everything that a head needs.
type Kernel struct {
	Rows   *Rows
	Gemm   *gemm.Kernel
	Matvec *matvec.Kernel
	Rotary *Rotary
}

// Shape is the sizes of a head: Repeat query heads of Queries rows each share Keys keys and values.
type Shape struct {
	Repeat, Queries, Keys int
	Depth, ValueDepth     int     // channels of queries and keys, of values
	Scale                 float32 // of the scores, positive
	Causal                bool    // position t sees keys up to t
	Masked                bool    // a matrix is added to the scaled scores
	Hidden                bool    // a matrix says by 1 and 0 which keys a query sees; not Masked then
	Instead               float32 // with Hidden: what other scores are, when scaled; negative, or 0 for -Inf
}

// Head is the matrices of one head; all have contiguous rows. Max and Sum hold for each query, those of query head 0 first, the
// largest score, scaled only when Masked, and the sum of exp(scaled score - scaled Max); 0 and 1 for a query from which a matrix
// hides all keys with scores of -Inf, whose output and gradients are 0. Forward writes O, Max and Sum.
// Backward reads all but O, and writes DQ, DK and DV.
type Head struct {
	Q, O, DO, DQ Grouped     // [Queries, Depth], [Queries, ValueDepth]; DO is the gradient of O, and so on
	K, V, DK, DV gemm.Matrix // [Keys, Depth], [Keys, ValueDepth]
	Max, Sum     []float32
	Mask         Grouped // [Queries, Keys]; rows may be one and the same
}

// Grouped is the matrices of the query heads that share keys and values: that of head 0, those of the others begin Step further
// on each.
type Grouped struct {
	gemm.Matrix
	Step int
}

// of is rows [at, at+rows) of query head number head.
func (g *Grouped) of(head, at, rows int) gemm.Matrix {
	m := g.Matrix
	m.Data = m.Data[head*g.Step:]
	return m.Slice(at, rows)
}

// Blocks of queries are computed together: causal ones are short, so that few scores are computed that no query sees.
const (
	causalRows = 36
	leastRows  = 32
	blockSize  = 8 << 10 // scores
)

// blockRows returns how many queries a block has; the last block of a query head has fewer.
func (s *Shape) blockRows() int {
	if s.Causal {
		return min(s.Queries, causalRows)
	}
	return min(s.Queries, max(leastRows, blockSize/s.Keys))
}

// Blocks returns the number of blocks of queries.
func (s *Shape) Blocks() int { return s.Repeat * s.perHead() }

func (s *Shape) perHead() int { return (s.Queries + s.blockRows() - 1) / s.blockRows() }

// block returns of which query head block b is, at which position it begins, how many rows it has, and how many keys they see
// at most.
func (s *Shape) block(b int) (head, at, rows, keys int) {
	at = b % s.perHead() * s.blockRows()
	rows = min(s.blockRows(), s.Queries-at)
	return b / s.perHead(), at, rows, s.sees(at + rows - 1)
}

// sees returns how many keys position t sees.
func (s *Shape) sees(t int) int {
	if s.Causal {
		return min(t+1, s.Keys)
	}
	return s.Keys
}

// stairs is what a block of rows from position at on sees of cols keys.
func (s *Shape) stairs(at, cols int) (stairs gemm.Staircase, more int) {
	if s.Causal {
		return gemm.Staircase{First: at + 1}, 1
	}
	return gemm.Staircase{First: cols}, 0
}

// line is a row of scores in memory: whole cache lines, room for the last panel of a product, and an odd number of them, so
// that a column of a block does not fall into few sets of the cache.
func (s *Shape) line() int { return (s.Keys+15)/32*32 + 16 }
