package attn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/internal/cpuid"
)

// kernels lists the flavours that this machine can run.
func kernels() []*Kernel {
	list := []*Kernel{Ref}
	if AVX2 != nil && cpuid.Has(cpuid.AVX2) {
		list = append(list, AVX2)
	}
	if AVX512 != nil && cpuid.Has(cpuid.AVX512) {
		list = append(list, AVX512)
	}
	return list
}

// TestRowsOfEveryLength holds each flavour against float64, for rows that see all and for stairs, with NaN wherever nothing
// may be read and wherever nothing may be written.
func TestRowsOfEveryLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels() {
		for cols := 1; cols < 70; cols++ {
			testRows(t, k.Rows, rng, cols, cols, 0)
			testRows(t, k.Rows, rng, cols, 1+rng.IntN(cols), 1)
		}
	}
}

func testRows(t *testing.T, r *Rows, rng *rand.Rand, cols, seen, more int) {
	t.Helper()
	const rows, scale2, scale = 5, float32(1.7), float32(0.9)
	x, d := newBlock(rng, r, rows, cols, seen, more), newBlock(rng, r, rows, cols, seen, more)
	scores, slopes := slices.Clone(x.of()), slices.Clone(d.of())
	max, sum := guarded(rng, rows), guarded(rng, rows)
	m, s := max[guard:guard+rows], sum[guard:guard+rows]
	r.Softmax(x.of(), x.line, rows, cols, seen, more, scale2, m, s)
	for i := range rows {
		row := scores[i*x.line:][:x.sees(i)]
		if want := slices.Max(row); m[i] != want {
			t.Errorf("%s: max[%d] of %d columns is %g, want %g", r.Name, i, cols, m[i], want)
		}
		total := 0.0
		for j, v := range row {
			want := math.Exp2(float64((v - m[i]) * scale2))
			total += want
			if got := float64(x.of()[i*x.line+j]); !(math.Abs(got-want) <= 2*ulp(want)) {
				t.Errorf("%s: softmax[%d,%d] of %d is %g, want %g", r.Name, i, j, cols, got, want)
			}
		}
		if bound := 4*ulp(total) + r.additions(cols)*ulp(total)/2; !(math.Abs(float64(s[i])-total) <= bound) {
			t.Errorf("%s: sum[%d] of %d is %g, want %g", r.Name, i, cols, s[i], total)
		}
	}
	x.check(t, r.Name)

	p := &block{Data: slices.Clone(x.Data), rows: rows, cols: cols, line: x.line, seen: seen, more: more, written: x.written}
	copy(p.of(), scores)
	r.Gradient(p.of(), d.of(), p.line, rows, cols, seen, more, scale2, scale, m, s)
	for i := range rows {
		delta, size := 0.0, 0.0
		for j := range p.sees(i) {
			e, v := float64(x.of()[i*x.line+j])/float64(s[i]), float64(slopes[i*d.line+j])
			delta, size = delta+e*v, size+e*math.Abs(v)
			if got := float64(p.of()[i*p.line+j]); math.Abs(got-e) > 0x1p-22*e {
				t.Errorf("%s: p[%d,%d] of %d is %g, want %g", r.Name, i, j, cols, got, e)
			}
		}
		for j := range p.sees(i) {
			e, v := float64(p.of()[i*p.line+j]), float64(slopes[i*d.line+j])
			want := float64(scale) * e * (v - delta)
			// the inner sum's roundings, at most one for each term of a lane
			if got := float64(d.of()[i*d.line+j]); math.Abs(got-want) > 1e-6*e*(math.Abs(v)+size) {
				t.Errorf("%s: ds[%d,%d] of %d is %g, want %g", r.Name, i, j, cols, got, want)
			}
		}
	}
	p.check(t, r.Name)
	d.check(t, r.Name)
	for _, v := range [][]float32{max, sum} {
		for i := range guard {
			if v[i] == v[i] || v[guard+rows+i] == v[guard+rows+i] {
				t.Fatalf("%s: %d columns: wrote outside of max or sum", r.Name, cols)
			}
		}
	}
}

// ulp is the distance of the float32 near x; below the normal ones, of the smallest normal.
func ulp(x float64) float64 {
	_, e := math.Frexp(max(math.Abs(x), 0x1p-126))
	return math.Ldexp(1, e-24)
}

// additions is how many roundings a term goes through on its way into a sum of cols: those of its lane, and those of lanes.
func (r *Rows) additions(cols int) float64 {
	if r.Lanes == 1 {
		return 1 // the reference adds in float64
	}
	return math.Ceil(float64(cols)/float64(r.Lanes)) + math.Log2(float64(r.Lanes))
}

// TestPowersAndSumsInULP holds rows of scores of all sizes against float64, with the bounds of KERNEL.md: with E = scale (x - max x), the
// two roundings of which are 2 ln 2 |E| ULP of the power, the power is 2 + 1.39 |E| ULP off, and 0 below 2^-126; the sum of
// powers p is 4 + the mean of 1.39 |E|, weighted by p, + 1/2 for each addition.
func TestPowersAndSumsInULP(t *testing.T) {
	special := []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-127, 8, -8, 10, -10, -math.MaxFloat32, float32(math.Inf(-1))}
	rng := rand.New(rand.NewPCG(11, 12))
	for _, k := range kernels() {
		r, worst, worstSum := k.Rows, 0.0, 0.0
		for cols := 1; cols < 4*16+4; cols++ {
			for _, size := range []float64{.01, 1, 8, 30, 0} {
				line := (cols + r.Lanes - 1) / r.Lanes * r.Lanes
				x, most, sum := make([]float32, line), make([]float32, 1), make([]float32, 1)
				scale := float32(math.Log2E * []float64{.125, 1, .3}[rng.IntN(3)])
				for j := range cols {
					if x[j] = float32(size * rng.NormFloat64()); size == 0 && j > 0 {
						x[j] = special[rng.IntN(len(special))]
					}
				}
				scores := slices.Clone(x[:cols])
				r.Softmax(x, line, 1, cols, cols, 0, scale, most, sum)
				total, weighted := 0.0, 0.0
				for j, v := range scores {
					e := float64(scale) * (float64(v) - float64(slices.Max(scores)))
					want := math.Exp2(e)
					if total += want; want > 0 {
						weighted += want * 1.39 * -e
					}
					off := math.Abs(float64(x[j])-want) / ulp(want)
					if want < 0x1p-126 {
						if off = 0; !(x[j] >= 0 && x[j] <= 0x1p-125) {
							t.Fatalf("%s: power %d of %d is %g, want %g or 0", r.Name, j, cols, x[j], want)
						}
					}
					if worst = max(worst, off/(2-1.39*e)); !(off <= 2-1.39*e) {
						t.Fatalf("%s: power %d of %d is %g, want 2^%g = %g: %.2f ULP off, bound %.2f", r.Name, j, cols, x[j], e, want, off, 2-1.39*e)
					}
				}
				off, bound := math.Abs(float64(sum[0])-total)/ulp(total), 4+weighted/total+r.additions(cols)/2
				if worstSum = max(worstSum, off/bound); !(off <= bound) {
					t.Fatalf("%s: the sum of %d is %g, want %g: %.2f ULP off, bound %.2f", r.Name, cols, sum[0], total, off, bound)
				}
			}
		}
		t.Logf("%s: powers at most %.2f of their bound off, sums %.2f", r.Name, worst, worstSum)
	}
}

// block is rows of random scores; NaN lie between and around them and where a row does not see.
type block struct {
	Data                                  []float32
	rows, cols, line, seen, more, written int
}

func newBlock(rng *rand.Rand, r *Rows, rows, cols, seen, more int) *block {
	written := (cols + r.Lanes - 1) / r.Lanes * r.Lanes
	b := &block{rows: rows, cols: cols, line: written + 3, seen: seen, more: more, written: written}
	b.Data = make([]float32, 2*guard+rows*b.line)
	for i := range b.Data {
		b.Data[i] = float32(math.NaN())
	}
	for i := range rows {
		for j := range b.sees(i) {
			b.of()[i*b.line+j] = float32(rng.NormFloat64())
		}
	}
	return b
}

func (b *block) of() []float32  { return b.Data[guard : len(b.Data)-guard] }
func (b *block) sees(i int) int { return min(b.cols, b.seen+i*b.more) }

// check fails when what a row does not see is not 0, or what lies outside was written.
func (b *block) check(t *testing.T, name string) {
	t.Helper()
	for at, v := range b.Data {
		i, j := (at-guard)/b.line, (at-guard)%b.line
		inside := at >= guard && i < b.rows
		switch {
		case inside && j >= b.sees(i) && j < b.cols && v != 0:
			t.Errorf("%s: row %d of %d columns keeps %g at %d, which it does not see", name, i, b.cols, v, j)
		case (!inside || j >= b.written) && v == v:
			t.Errorf("%s: %d columns: wrote outside, at %d, %d", name, b.cols, i, j)
		}
	}
}

// TestMaskIsAMultiplyAdd, bit for bit, reading a mask up to its last column and one row for all.
func TestMaskIsAMultiplyAdd(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for _, k := range kernels() {
		for cols := 1; cols < 70; cols++ {
			const rows, scale = 3, float32(0.3)
			line := (cols+15)/16*16 + 1
			for _, step := range []int{0, cols} {
				x, mask := guarded(rng, rows*line), guarded(rng, max(1, rows*step/cols)*cols)
				want := slices.Clone(x)
				Ref.Rows.Mask(want[guard:], line, rows, cols, scale, mask[guard:], step)
				k.Rows.Mask(x[guard:], line, rows, cols, scale, mask[guard:len(mask)-guard], step)
				for i := range rows {
					if at := guard + i*line; !slices.Equal(x[at:at+cols], want[at:at+cols]) || x[at+line-1] != want[at+line-1] {
						t.Fatalf("%s: row %d of %d columns is %g, want %g", k.Rows.Name, i, cols, x[at:at+line], want[at:at+line])
					}
				}
			}
		}
	}
}

// TestHideIsExact, whatever is hidden.
func TestHideIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 10))
	for _, k := range kernels() {
		for cols := 1; cols < 70; cols++ {
			const rows = 3
			line := (cols+15)/16*16 + 1
			for _, step := range []int{0, cols} {
				x, mask := guarded(rng, rows*line), guarded(rng, max(1, rows*step/cols)*cols)
				for i := guard; i < len(mask)-guard; i++ {
					mask[i] = float32(rng.IntN(2))
				}
				for i := range rows {
					for j := range cols {
						hidden := mask[guard+i*step+j] == 0
						if rng.IntN(3) == 0 && hidden {
							x[guard+i*line+j] = float32(math.NaN())
						}
					}
				}
				want := slices.Clone(x)
				hidden := []float32{float32(math.Inf(-1)), -3, 0}[cols%3]
				Ref.Rows.Hide(want[guard:], line, rows, cols, hidden, mask[guard:], step)
				k.Rows.Hide(x[guard:], line, rows, cols, hidden, mask[guard:len(mask)-guard], step)
				for i := range rows {
					if at := guard + i*line; !slices.Equal(x[at:at+cols], want[at:at+cols]) || x[at+line-1] != want[at+line-1] {
						t.Fatalf("%s: row %d of %d columns is %g, want %g", k.Rows.Name, i, cols, x[at:at+line], want[at:at+line])
					}
				}
			}
		}
	}
}

// TestDivideTouchesItsColumnsAlone, bit for bit where a sum is a power of two.
func TestDivideTouchesItsColumnsAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	for _, k := range kernels() {
		for cols := 1; cols < 70; cols++ {
			const rows, gap = 3, 2
			x := guarded(rng, rows*(cols+gap))
			want := slices.Clone(x)
			sum := []float32{2, 0.25, 1}
			k.Rows.Divide(x[guard:], cols+gap, rows, cols, sum)
			for i := range rows {
				for j := range cols {
					want[guard+i*(cols+gap)+j] /= sum[i]
				}
			}
			for i := range x {
				if x[i] != want[i] && (x[i] == x[i] || want[i] == want[i]) {
					t.Fatalf("%s: %d columns: element %d is %g, want %g", k.Rows.Name, cols, i-guard, x[i], want[i])
				}
			}
		}
	}
}

// TestRowsKeepNaNAndInfinities: a NaN anywhere makes the row NaN, whatever its bits, and so does +Inf; -Inf adds nothing; and
// the largest numbers do not overflow.
func TestRowsKeepNaNAndInfinities(t *testing.T) {
	inf := float32(math.Inf(1))
	bad := []float32{inf, float32(math.NaN()), math.Float32frombits(0x7fc00001), math.Float32frombits(0xffffffff), math.Float32frombits(0x7fe00100)}
	for _, k := range kernels() {
		for n := 1; n < 40; n++ {
			line := (n + 15) / 16 * 16
			softmax := func(x []float32) float32 {
				max, sum := []float32{0}, []float32{0}
				k.Rows.Softmax(x, line, 1, n, n, 0, 1, max, sum)
				return sum[0]
			}
			for at := range n {
				for _, v := range bad {
					x := make([]float32, line)
					x[at] = v
					if got := softmax(x); got == got {
						t.Errorf("%s: sum of %d with %g at %d is %g", k.Rows.Name, n, v, at, got)
					}
				}
				x := make([]float32, line)
				x[at] = -inf
				if got := softmax(x); n > 1 && (got != float32(n-1) || x[at] != 0) {
					t.Errorf("%s: sum of %d with -Inf at %d is %g", k.Rows.Name, n, at, got)
				}
				clear(x)
				x[at] = math.MaxFloat32
				if got := softmax(x); got != 1 || x[at] != 1 {
					t.Errorf("%s: sum of %d with the largest number at %d is %g", k.Rows.Name, n, at, got)
				}
			}
		}
	}
}

var shapes = []Shape{
	{Repeat: 1, Queries: 1, Keys: 1, Depth: 1, ValueDepth: 1, Scale: 1},
	{Repeat: 1, Queries: 65, Keys: 65, Depth: 64, ValueDepth: 64, Scale: 0.125},
	{Repeat: 1, Queries: 128, Keys: 128, Depth: 32, ValueDepth: 32, Scale: 1, Causal: true},
	{Repeat: 3, Queries: 33, Keys: 33, Depth: 8, ValueDepth: 24, Scale: 0.5, Causal: true},
	{Repeat: 2, Queries: 31, Keys: 40, Depth: 5, ValueDepth: 3, Scale: 2, Causal: true},
	{Repeat: 2, Queries: 50, Keys: 20, Depth: 6, ValueDepth: 7, Scale: 0.7, Causal: true},
	{Repeat: 2, Queries: 40, Keys: 35, Depth: 7, ValueDepth: 9, Scale: 0.6, Causal: true},
	{Repeat: 2, Queries: 17, Keys: 300, Depth: 16, ValueDepth: 16, Scale: 0.25},
	{Repeat: 1, Queries: 300, Keys: 300, Depth: 16, ValueDepth: 16, Scale: 0.25},
	{Repeat: 2, Queries: 200, Keys: 200, Depth: 32, ValueDepth: 32, Scale: 0.2, Causal: true},
	{Repeat: 1, Queries: 33, Keys: 90, Depth: 16, ValueDepth: 40, Scale: 0.3},
	{Repeat: 3, Queries: 21, Keys: 45, Depth: 8, ValueDepth: 8, Scale: 0.5, Masked: true},
	{Repeat: 2, Queries: 50, Keys: 50, Depth: 8, ValueDepth: 8, Scale: 2, Masked: true, Causal: true},
	{Repeat: 3, Queries: 21, Keys: 45, Depth: 8, ValueDepth: 8, Scale: 0.5, Hidden: true},
	{Repeat: 2, Queries: 50, Keys: 50, Depth: 8, ValueDepth: 8, Scale: 2, Hidden: true, Causal: true},
	{Repeat: 3, Queries: 21, Keys: 45, Depth: 8, ValueDepth: 8, Scale: 0.5, Hidden: true, Instead: -1e9},
	{Repeat: 1, Queries: 40, Keys: 39, Depth: 8, ValueDepth: 8, Scale: 0.5, Hidden: true, Instead: -1.5},
	{Repeat: 1, Queries: 40, Keys: 39, Depth: 8, ValueDepth: 8, Scale: 0.5, Hidden: true, Instead: -math.MaxFloat32},
}

// TestHeadMatchesFloat64 holds output and gradients against the definition in float64, within the bounds of KERNEL.md.
func TestHeadMatchesFloat64(t *testing.T) {
	for _, k := range kernels() {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s/%+v", k.Rows.Name, s), func(t *testing.T) { testHead(t, k, s) })
		}
	}
}

func testHead(t *testing.T, k *Kernel, s Shape) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := s.Repeat * s.Queries
	mask := grouped(rng, &s, s.Keys) // of every query head its own
	for i := range mask.Data {
		if rng.IntN(5) == 0 {
			mask.Data[i] = float32(math.Inf(-1))
		}
	}
	for i := range rows {
		row(&s, mask, i)[0] = 1 // no row sees nothing
	}
	if s.Hidden {
		for i, v := range mask.Data {
			mask.Data[i] = 1
			if math.IsInf(float64(v), -1) {
				mask.Data[i] = 0
			}
		}
		for i := 0; i < rows; i += 4 {
			clear(row(&s, mask, i)) // but where keys are hidden
		}
	}
	h := &Head{Mask: mask, Q: grouped(rng, &s, s.Depth), K: strided(rng, s.Keys, s.Depth), V: strided(rng, s.Keys, s.ValueDepth),
		O: grouped(rng, &s, s.ValueDepth), DO: grouped(rng, &s, s.ValueDepth), Max: make([]float32, rows), Sum: make([]float32, rows),
		DQ: grouped(rng, &s, s.Depth), DK: strided(rng, s.Keys, s.Depth), DV: strided(rng, s.Keys, s.ValueDepth)}
	want := definition(&s, h)
	scratch := func(n int) []float32 {
		m := make([]float32, n)
		for i := range m {
			m[i] = float32(math.NaN()) // what is not written must not be read
		}
		return m
	}
	half, after := s.Blocks()/2, h // fetched, not changed
	k.Forward(&s, h, half, s.Blocks(), scratch(k.ForwardScratch(&s)), after)
	k.Forward(&s, h, 0, half, scratch(k.ForwardScratch(&s)), after)
	k.Backward(&s, h, scratch(k.BackwardScratch(&s)), after)
	share := 0.0
	for _, c := range []struct {
		name        string
		got         func(i int) []float32
		want, bound []float64
		cols        int
	}{{"o", func(i int) []float32 { return row(&s, h.O, i) }, want.o, want.oOff, s.ValueDepth}, {"dq", func(i int) []float32 { return row(&s, h.DQ, i) }, want.dq, want.dqOff, s.Depth},
		{"dk", h.DK.Row, want.dk, want.dkOff, s.Depth}, {"dv", h.DV.Row, want.dv, want.dvOff, s.ValueDepth}} {
		largest := 0.0
		for _, v := range c.want {
			largest = max(largest, math.Abs(v))
		}
		for i := range len(c.want) / c.cols {
			for j, got := range c.got(i) {
				// Bounds that add up all roundings grow with the sums, errors of random sign hardly: so much beside them.
				w, bound := c.want[i*c.cols+j], min(c.bound[i*c.cols+j], 4e-6*largest)
				if off := math.Abs(float64(got) - w); !(off <= bound) {
					t.Fatalf("%s[%d,%d] is %g, want %g +- %g", c.name, i, j, got, w, bound)
				} else if off > 0 {
					share = max(share, off/bound)
				}
			}
		}
	}
	t.Logf("at most %.2f of the bounds", share)
}

// gradients are what a head gives, and how far float32 may be off: KERNEL.md.
type gradients struct{ o, dq, dk, dv, oOff, dqOff, dkOff, dvOff []float64 }

// definition is attention and its gradient in float64, element by element.
func definition(s *Shape, h *Head) gradients {
	const u = 0x1p-24
	rows := s.Repeat * s.Queries
	of := func(n int) []float64 { return make([]float64, n) }
	o, dq, dk, dv := rows*s.ValueDepth, rows*s.Depth, s.Keys*s.Depth, s.Keys*s.ValueDepth
	g := gradients{of(o), of(dq), of(dk), of(dv), of(o), of(dq), of(dk), of(dv)}
	for i := range rows {
		q, do := row(s, h.Q, i), row(s, h.DO, i)
		n := s.Keys
		if s.Causal {
			n = min(n, i%s.Queries+1)
		}
		hidden := func(j int) bool { return s.Hidden && row(s, h.Mask, i)[j] == 0 }
		score, off, most := of(n), of(n), math.Inf(-1)
		for j := range n {
			x, size := dot(q, h.K.Row(j))
			score[j], off[j] = float64(s.Scale)*x, float64(s.Depth+1)*u*float64(s.Scale)*size
			switch mask := row(s, h.Mask, i)[j]; {
			case s.Masked:
				score[j] += float64(mask)
				off[j] += u * math.Abs(score[j])
			case hidden(j):
				if score[j], off[j] = float64(s.Instead), 0; s.Instead == 0 {
					score[j] = math.Inf(-1)
				}
			}
			most = max(most, score[j])
		}
		if math.IsInf(most, -1) {
			continue
		}
		p, sum := of(n), 0.0
		for j := range n {
			p[j] = math.Exp(score[j] - most)
			sum += p[j]
		}
		mean := 0.0
		for j := range n {
			if p[j] /= sum; p[j] > 0 {
				off[j] += 4*u*(most-score[j]) + 4*u
				mean += p[j] * off[j]
			}
		}
		dp, dpOff, delta, deltaOff, size := of(n), of(n), 0.0, 0.0, 0.0
		for j := range n {
			if p[j] == 0 {
				off[j] = 0
				continue
			}
			off[j] += mean + float64(n+3)*u
			x, terms := dot(do, h.V.Row(j))
			dp[j], dpOff[j] = x, float64(s.ValueDepth+1)*u*terms
			delta, size = delta+p[j]*x, size+p[j]*math.Abs(x)
			deltaOff += p[j] * (math.Abs(x)*off[j] + dpOff[j])
			for c, v := range h.V.Row(j) {
				g.o[i*s.ValueDepth+c] += p[j] * float64(v)
				g.oOff[i*s.ValueDepth+c] += p[j] * math.Abs(float64(v)) * (off[j] + float64(n+1)*u)
				g.dv[j*s.ValueDepth+c] += p[j] * float64(do[c])
				g.dvOff[j*s.ValueDepth+c] += p[j] * math.Abs(float64(do[c])) * (off[j] + float64(rows+1)*u)
			}
		}
		deltaOff += float64(n+1) * u * size
		for j := range n {
			if hidden(j) {
				continue
			}
			ds := float64(s.Scale) * p[j] * (dp[j] - delta)
			dsOff := math.Abs(ds)*(off[j]+3*u) + float64(s.Scale)*p[j]*(dpOff[j]+deltaOff+u*(math.Abs(dp[j])+math.Abs(delta)))
			for c, v := range h.K.Row(j) {
				g.dq[i*s.Depth+c] += ds * float64(v)
				g.dqOff[i*s.Depth+c] += math.Abs(float64(v)) * (dsOff + math.Abs(ds)*float64(n+1)*u)
				g.dk[j*s.Depth+c] += ds * float64(q[c])
				g.dkOff[j*s.Depth+c] += math.Abs(float64(q[c])) * (dsOff + math.Abs(ds)*float64(rows+1)*u)
			}
		}
	}
	return g
}

// dot returns the sum of products, and that of their sizes.
func dot(x, y []float32) (sum, size float64) {
	for i := range x {
		p := float64(x[i]) * float64(y[i])
		sum, size = sum+p, size+math.Abs(p)
	}
	return sum, size
}

// strided returns random rows with gaps between them.
func strided(rng *rand.Rand, rows, cols int) gemm.Matrix {
	step := cols + rng.IntN(3)
	m := gemm.Matrix{Data: make([]float32, rows*step), Rows: rows, Cols: cols, RowStride: step, ColStride: 1}
	for i := range m.Data {
		m.Data[i] = float32(rng.NormFloat64())
	}
	return m
}

// grouped returns random matrices of all query heads: each head's rows together, or each position's heads.
func grouped(rng *rand.Rand, s *Shape, cols int) Grouped {
	all := strided(rng, s.Repeat*s.Queries, cols)
	g := Grouped{all, s.Queries * all.RowStride}
	if rng.IntN(2) == 0 {
		g.Step, g.RowStride = all.RowStride, s.Repeat*all.RowStride
	}
	g.Rows = s.Queries
	return g
}

// row is position i%Queries of query head i/Queries.
func row(s *Shape, g Grouped, i int) []float32 { return g.of(i/s.Queries, i%s.Queries, 1).Row(0) }

const guard = 20

// guarded returns n random floats between NaN.
func guarded(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n+2*guard)
	for i := range v {
		v[i] = float32(math.NaN())
		if i >= guard && i < guard+n {
			v[i] = float32(rng.NormFloat64())
		}
	}
	return v
}

// BenchmarkHead prints the GFLOP/s of one core, counting what a causal mask leaves. Heads lie as a model's projections leave
// them, [batch, token, head, channel], and are computed in turn, so that each comes from beyond the second-level cache.
func BenchmarkHead(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, k := range kernels()[1:] {
		for _, c := range []struct {
			s            Shape
			batch, heads int
		}{{shapes[1], 32, 3}, {shapes[2], 16, 4}} {
			s := c.s
			heads := make([]Head, c.batch*c.heads)
			all := func(rows, cols int) func(i int) gemm.Matrix {
				data, step := make([]float32, c.batch*rows*c.heads*cols), c.heads*cols
				for i := range data {
					data[i] = float32(rng.NormFloat64())
				}
				return func(i int) gemm.Matrix {
					return gemm.Matrix{Data: data[i/c.heads*rows*step+i%c.heads*cols:], Rows: rows, Cols: cols, RowStride: step, ColStride: 1}
				}
			}
			q, k_, v, o, do := all(s.Queries, s.Depth), all(s.Keys, s.Depth), all(s.Keys, s.ValueDepth), all(s.Queries, s.ValueDepth), all(s.Queries, s.ValueDepth)
			dq, dk, dv := all(s.Queries, s.Depth), all(s.Keys, s.Depth), all(s.Keys, s.ValueDepth)
			for i := range heads {
				heads[i] = Head{Q: Grouped{q(i), 0}, K: k_(i), V: v(i), O: Grouped{o(i), 0}, DO: Grouped{do(i), 0}, DQ: Grouped{dq(i), 0}, DK: dk(i), DV: dv(i),
					Max: make([]float32, s.Queries), Sum: make([]float32, s.Queries)}
			}
			pairs := s.Queries * s.Keys
			if s.Causal {
				pairs = s.Queries * (s.Keys + 1) / 2
			}
			memory := make([]float32, max(k.ForwardScratch(&s), k.BackwardScratch(&s)))
			run := func(name string, products int, head func(h, after *Head)) {
				b.Run(fmt.Sprintf("%s/%s/%dx%d", k.Rows.Name, name, s.Keys, s.Depth), func(b *testing.B) {
					n := 0
					for b.Loop() {
						head(&heads[n%len(heads)], &heads[(n+1)%len(heads)])
						n++
					}
					b.ReportMetric(float64(2*products*pairs*s.Depth*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
			run("forward", 2, func(h, after *Head) { k.Forward(&s, h, 0, s.Blocks(), memory, after) })
			run("backward", 5, func(h, after *Head) { k.Backward(&s, h, memory, after) })
		}
	}
}
