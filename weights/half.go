package weights

import "math"

// BF16ToF32 widens a bfloat16 (8 bits of exponent, 7 of fraction); exact.
func BF16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// F32ToBF16 rounds to the nearest bfloat16, ties to even. NaN stays NaN (quiet, sign and upper payload kept); values
// from 2^128 - 2^119 up become infinite.
func F32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if f != f {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16) // half of the last place, less one bit when that place is even
}

// F16ToF32 widens an IEEE half (5 bits of exponent, 10 of fraction); exact.
func F16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0x1f: // infinite, NaN
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	case 0: // zero, or fraction x 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// F32ToF16 rounds to the nearest half, ties to even. NaN stays NaN (quiet, sign and upper payload kept); values from
// 65520 up become infinite; below 2^-14 the result is denormal or zero.
func F32ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign, magnitude := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x477ff000: // 65520, half a place above the largest half
		return sign | 0x7c00
	case magnitude < 0x38800000: // 2^-14: denormal, a multiple of 2^-24
		// Adding 0.5 to a float32 leaves exactly the multiples of 2^-24 as last place, rounded by the processor.
		return sign | uint16(math.Float32bits(math.Float32frombits(magnitude)+0.5)-math.Float32bits(0.5))
	}
	rounded := magnitude + 0xfff + magnitude>>13&1
	return sign | uint16(rounded>>13-(127-15)<<10)
}
