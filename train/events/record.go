package events

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record frames data as TFRecord does:
//
//	8 bytes length | 4 bytes checksum of the length | data | 4 bytes checksum of data      all little endian
//
// Source: tensorflow/core/lib/io/record_writer.h.
func record(data []byte) []byte {
	b := make([]byte, 0, len(data)+16)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, masked(data))
}

// masked returns CRC-32C rotated right by 15 bits plus a constant, so that a checksum of data that holds checksums is
// still worth something. Source: tensorflow/core/lib/hash/crc32c.h.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
