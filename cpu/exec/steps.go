package exec

import (
	"fmt"

	"github.com/gomlx/compute"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// steps is what one worker does of the steps of p, with the memory of f: its share of each, and a barrier after it. It
// returns false when a step failed, whose error is in f. A clock, when there is one, takes the time.
func (e *Executable) steps(p *plan.Plan, c *clock, f *frame, team *par.Team, index int) bool {
	w := f.workers[index]
	for i := range p.Steps {
		s := &p.Steps[i]
		start := c.start()
		w.enter(f, i)
		switch {
		case s.Gemm != nil && s.Gemm.Thin:
			thin(s.Gemm, p.Table.Matvec, f, team, index)
		case s.Gemm != nil:
			w.gemm(s.Gemm, p.Table.Gemm, p.Table.Elem, f, f.shared[i], team, index)
		case s.Tapes != nil:
			w.tapes(s.Tapes, p.Table.Elem, f, f.shared[i], team, index)
		case s.Attention != nil:
			w.attention(s.Attention, p.Table.Attn, f, team, index)
		case s.Rotation != nil:
			rotate(s.Rotation, p.Table.Attn.Rotary, f, team, index)
		case s.Choice != nil:
			choose(s.Choice, f, team, index)
		case s.Move != nil:
			move(s.Move, f, team, index)
		case s.Windows != nil:
			windows(s.Windows, p.Table.Elem, f, team, index)
		case s.Random != nil:
			drawBits(s.Random, f, team, index)
		case s.Control != nil:
			if !e.control(f.controls[i], f, team, index) && index == 0 {
				f.failed.Store(int32(i + 1))
			}
		case index == 0:
			if f.err = e.region(s, f); f.err != nil {
				f.failed.Store(int32(i + 1))
			}
		}
		w.exit(f, i)
		team.Barrier()
		if int(f.failed.Load()) == i+1 { // not f.err: a quick worker 0 may be in the next region already
			return false
		}
		if index == 0 {
			c.stop(i, start)
			if f.shown {
				printValues(e.name, p, i, f)
			}
			for _, v := range s.Free {
				e.frames.memory.Free(f.arrays[v.ID])
				f.forget(v.ID)
			}
		}
		if f.shown { // the next step may write over what is printed
			team.Barrier()
		}
	}
	return true
}

func (e *Executable) region(s *plan.Step, f *frame) error {
	inputs := make([]compute.Buffer, len(s.Reads))
	for i, v := range s.Reads {
		inputs[i] = f.buffer(v, e.frames.memory)
	}
	outputs, err := s.Region.Run(inputs)
	if err != nil {
		return stepError(s, err)
	}
	for i, v := range s.Writes {
		a, err := adopt(outputs[i])
		if err != nil {
			return stepError(s, err)
		}
		f.set(v, a, true)
	}
	return nil
}

// stepError names what failed: the op itself when the step has only one, else where it starts.
func stepError(s *plan.Step, err error) error {
	if len(s.Ops) == 1 {
		return fmt.Errorf("%s: %w", s.Ops[0], err)
	}
	return fmt.Errorf("%s of %d ops that starts at %q and reads %s: %w", s.Name(), len(s.Ops), s.Ops[0], ir.ShapeTexts(s.Reads), err)
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }
