package attn

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/fma"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// Ref is the flavour in pure Go: the definition that the others are tested against, and what runs where there is no
// assembly.
var Ref = &Kernel{Gemm: gemm.Ref, Matvec: matvec.Ref, Rotary: &Rotary{refHalves, refNeighbours}, Rows: &Rows{
	Name: "ref", Lanes: 1,
	Mask: func(x []float32, line, rows, cols int, scale float32, mask []float32, step int) {
		for i := range rows {
			for j := range cols {
				x[i*line+j] = fma.Float32(x[i*line+j], scale, mask[i*step+j])
			}
		}
	},
	Hide: func(x []float32, line, rows, cols int, hidden float32, mask []float32, step int) {
		for i := range rows {
			for j := range cols {
				if mask[i*step+j] == 0 {
					x[i*line+j] = hidden
				}
			}
		}
	},
	Softmax: func(x []float32, line, rows, cols, seen, more int, scale float32, max, sum []float32) {
		for i := range rows {
			row, n := x[i*line:][:cols], min(cols, seen+i*more)
			max[i] = row[0]
			for _, v := range row[:n] {
				if v > max[i] {
					max[i] = v
				}
			}
			total := 0.0
			for j, v := range row[:n] {
				row[j] = float32(math.Exp2(float64((v - max[i]) * scale)))
				total += float64(row[j])
			}
			sum[i] = float32(total)
			clear(row[n:])
		}
	},
	Gradient: func(p, dp []float32, line, rows, cols, seen, more int, scale2, scale float32, max, sum []float32) {
		for i := range rows {
			x, d, n := p[i*line:][:cols], dp[i*line:][:cols], min(cols, seen+i*more)
			delta := 0.0
			for j, v := range x[:n] {
				x[j] = float32(math.Exp2(float64((v-max[i])*scale2))) / sum[i]
				delta += float64(x[j]) * float64(d[j])
			}
			for j, v := range d[:n] {
				d[j] = x[j] * (scale * (v - float32(delta)))
			}
			clear(x[n:])
			clear(d[n:])
		}
	},
	Divide: func(x []float32, line, rows, cols int, sum []float32) {
		for i := range rows {
			row := x[i*line:][:cols]
			for j := range row {
				row[j] /= sum[i]
			}
		}
	},
}}
