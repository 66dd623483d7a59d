package exec

import (
	"math/bits"

	"github.com/dyt-go/dyt/cpu/kernel/random"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// drawBits draws the worker's share of the bits. The Go backend hands on the two halves of the state with their bytes in
// reverse order, so that is what the next draw begins with; the third number, which no draw reads, stays what it was.
func drawBits(r *plan.Random, f *frame, team *par.Team, index int) {
	state, out := view[uint64](f.raw[r.State.ID]), f.raw[r.Bits.ID]
	s := random.State{Hi: state[0], Lo: state[1]}
	draws := random.Draws(len(out))
	from, to := team.Share(draws, index)
	s.At(uint64(from)).Fill(out[min(len(out), 8*from):min(len(out), 8*to)])
	if index == 0 {
		end, next := s.At(uint64(draws)), view[uint64](f.raw[r.Next.ID])
		next[0], next[1], next[2] = bits.ReverseBytes64(end.Hi), bits.ReverseBytes64(end.Lo), state[2]
	}
}
