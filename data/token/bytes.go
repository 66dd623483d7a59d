package token

import "fmt"

// Bytes is the tokenizer without a vocabulary to learn: the ids are the 256 byte values. The byte 0, which text does not
// contain, begins and ends documents.
type Bytes struct{}

func (Bytes) Name() string   { return "bytes" }
func (Bytes) VocabSize() int { return 256 }
func (Bytes) BOS() int32     { return 0 }
func (Bytes) EOS() int32     { return 0 }

func (Bytes) Encode(text string) []int32 {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids
}

func (b Bytes) Decode(ids []int32) (string, error) { return decode(b, ids) }

func (Bytes) Piece(_, id int32) string {
	if id < 0 || id > 255 {
		panic(fmt.Sprintf("BUG: token: bytes: piece: id %d is not a byte", id))
	}
	return string([]byte{byte(id)})
}
