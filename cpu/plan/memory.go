package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Place says where a value lies.
type Place struct {
	Kind          PlaceKind
	Offset, Bytes int       // in the arena
	From          *ir.Value // of a result: the parameter in whose memory it may be written, if that was donated; else nil
}

// PlaceKind says in whose memory a value lies.
type PlaceKind uint8

const (
	PlaceNone     PlaceKind = iota // nowhere: a view, or a value that stays in registers
	PlaceParam                     // an input's
	PlaceConstant                  // the function's
	PlaceResult                    // a result's, of the user from the end on
	PlaceRegion                    // of a region or a function, from its step to the last one that reads it
	PlaceArena                     // the arena's
)

// alignment of places in the arena: a cache line.
const alignment = 64

// placeValues gives every value that a step reads or writes a place, and steps their shared memory.
func (p *Plan) placeValues() {
	p.Places = make([]Place, p.Func.NumValues())
	for _, v := range slices.Concat(p.Func.Params, p.Func.Captures) {
		p.Places[v.ID].Kind = PlaceParam
	}
	isResult := make([]bool, len(p.Places))
	for _, v := range p.Func.Results {
		isResult[v.ID] = true
		if v.Def != nil && v.Def.Kind == ir.Constant {
			p.Places[v.ID].Kind = PlaceConstant
		}
	}
	last := make([]int, len(p.Places))
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, v := range s.Reads {
			last[v.ID] = i
			if v.Def != nil && v.Def.Kind == ir.Constant {
				p.Places[v.ID].Kind = PlaceConstant
			}
		}
		for _, v := range s.Writes {
			last[v.ID] = i
			switch {
			case s.Region != nil || s.Control != nil:
				p.Places[v.ID].Kind = PlaceRegion
			case isResult[v.ID]:
				p.Places[v.ID].Kind = PlaceResult
			default:
				p.Places[v.ID].Kind = PlaceArena
			}
		}
	}
	for i := range p.Steps {
		p.reuse(i, last, isResult)
	}
	p.pack(last, isResult)
}

// span is memory that is in use from step first to step last.
type span struct {
	first, last int
	place       *Place
}

// pack gives places in the arena offsets: the largest first, each at the lowest offset that is free while it is in use.
func (p *Plan) pack(last []int, isResult []bool) {
	var spans []span
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, v := range s.Writes {
			place := &p.Places[v.ID]
			switch {
			case place.Kind == PlaceArena:
				place.Bytes = v.Shape.DType.SizeForDimensions(v.Shape.Dimensions...)
				spans = append(spans, span{i, last[v.ID], place})
			case place.Kind == PlaceRegion && !isResult[v.ID]:
				end := &p.Steps[last[v.ID]]
				end.Free = append(end.Free, v)
			}
		}
		shared, worker := s.scratch(p)
		p.Worker = max(p.Worker, worker)
		if shared > 0 {
			s.Scratch = Place{Kind: PlaceArena, Bytes: 4 * shared}
			spans = append(spans, span{i, i, &s.Scratch})
		}
	}
	p.Arena = pack(spans)
}

// pack sets the offsets of spans and returns the size of the memory that holds them.
func pack(spans []span) int {
	slices.SortStableFunc(spans, func(a, b span) int { return b.place.Bytes - a.place.Bytes })
	size := 0
	var placed []span // by offset
	for _, s := range spans {
		at, offset := 0, 0
		for at = 0; at < len(placed); at++ {
			o := placed[at]
			if o.last < s.first || s.last < o.first {
				continue
			}
			if o.place.Offset >= offset+s.place.Bytes {
				break
			}
			offset = max(offset, align(o.place.Offset+o.place.Bytes))
		}
		s.place.Offset = offset
		size = max(size, align(offset+s.place.Bytes))
		at, _ = slices.BinarySearchFunc(placed, offset, func(o span, offset int) int { return o.place.Offset - offset })
		placed = slices.Insert(placed, at, s)
	}
	return size
}

func align(n int) int { return (n + alignment - 1) / alignment * alignment }

// scratch returns how many floats all workers share during the step, and how many each needs for itself.
func (s *Step) scratch(p *Plan) (shared, worker int) {
	switch {
	case s.Gemm != nil && s.Gemm.Thin:
		return 0, 0
	case s.Gemm != nil:
		packed := align(p.Table.Gemm.Scratch(s.Gemm.M, s.Gemm.K, s.Gemm.N))
		if s.Gemm.Batches() > 1 {
			return packed, packed + p.Table.Gemm.ScratchA()
		}
		worker = p.Table.Gemm.ScratchA()
		if job := s.Gemm.job(nil, p.Table.Gemm); s.Gemm.Parts(&job) > 1 {
			return (job.Parts() - 1) * s.Gemm.M * s.Gemm.N, worker + job.PartScratch()
		}
		if x := s.Gemm.Before; x != nil {
			worker += x.Scratch()
		}
		if e := s.Gemm.After; e != nil {
			return packed + e.Tape.Partials(), worker + e.Scratch() + e.Buffer
		}
		return packed, worker
	case s.Attention != nil && s.Attention.Backward:
		return 0, p.Table.Attn.BackwardScratch(&s.Attention.Shape)
	case s.Attention != nil:
		return 0, p.Table.Attn.ForwardScratch(&s.Attention.Shape)
	case s.Tapes != nil:
		for _, t := range s.Tapes {
			worker = max(worker, t.Scratch+t.sumScratch())
		}
		return s.partials(), worker
	}
	return 0, 0
}

// sumScratch is what a worker needs for the sums of one row of a tile.
func (t *Tape) sumScratch() int { return 16 }
