package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// Trail is the running hash over the batches that a source has given: contents, shapes and order. The zero Trail stands
// for "nothing yet". It is a chain, so its whole state is its value and a position can carry it as text:
//
//	Trail(n) = sha256(Trail(n-1) || sha256(encoding of batch n))
//
// The encoding is little endian: number of inputs; then for each its kind (0 for F32, 1 for I32), rank, dimensions, and
// elements. All counts are 8 bytes, elements 4. Floats are hashed by their bits, so -0 and 0 differ and so do NaNs.
type Trail [sha256.Size]byte

// Add puts one batch behind those before it. Cost: one pass over the bytes of the batch.
func (t *Trail) Add(b Batch) {
	h := sha256.New()
	buf := make([]byte, 0, 1<<13)
	count := func(n int) { buf = binary.LittleEndian.AppendUint64(buf, uint64(n)) }
	flush := func(room int) {
		if len(buf)+room > cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	count(len(b.Inputs))
	for _, a := range b.Inputs {
		flush(16 + 8*len(a.Shape))
		if a.I32 != nil {
			count(1)
		} else {
			count(0)
		}
		count(len(a.Shape))
		for _, d := range a.Shape {
			count(d)
		}
		for _, v := range a.F32 {
			flush(4)
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		for _, v := range a.I32 {
			flush(4)
			buf = binary.LittleEndian.AppendUint32(buf, uint32(v))
		}
	}
	h.Write(buf)
	var link [2 * sha256.Size]byte
	copy(link[:], t[:])
	h.Sum(link[:sha256.Size])
	*t = sha256.Sum256(link[:])
}

// String returns 64 hexadecimal digits.
func (t Trail) String() string { return hex.EncodeToString(t[:]) }

// MarshalText writes the Trail as its digits, which is how JSON positions hold it.
func (t Trail) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (t *Trail) UnmarshalText(text []byte) error {
	if len(text) != 2*len(t) {
		return fmt.Errorf("data: trail: expected %d hexadecimal digits, got %d characters", 2*len(t), len(text))
	}
	var got Trail
	if _, err := hex.Decode(got[:], text); err != nil {
		return fmt.Errorf("data: trail: %w", err)
	}
	*t = got
	return nil
}
