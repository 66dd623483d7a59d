package token

import "fmt"

// A tokenizer.json is JSON, which cannot hold arbitrary bytes, so GPT-2's vocabulary writes each byte as one visible
// character: printable Latin-1 characters stand for themselves, the other 68 bytes take the characters from U+0100 on, in
// order. Ids of single bytes follow the order of these characters.

// byteChar[b] is the character that stands for byte b.
var byteChar = func() (table [256]rune) {
	next := rune(0x100)
	for b := range table {
		if plain := b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xFF && b != 0xAD; plain {
			table[b] = rune(b)
		} else {
			table[b] = next
			next++
		}
	}
	return table
}()

// charByte is the way back.
var charByte = func() map[rune]byte {
	table := make(map[rune]byte, 256)
	for b, r := range byteChar {
		table[r] = byte(b)
	}
	return table
}()

// spell writes bytes as visible characters.
func spell(piece string) string {
	out := make([]rune, 0, len(piece))
	for i := range len(piece) {
		out = append(out, byteChar[piece[i]])
	}
	return string(out)
}

// unspell reads them back.
func unspell(spelled string) (string, error) {
	out := make([]byte, 0, len(spelled))
	for _, r := range spelled {
		b, ok := charByte[r]
		if !ok {
			return "", fmt.Errorf("vocabulary entry %q: %q stands for no byte in the byte-level alphabet", spelled, r)
		}
		out = append(out, b)
	}
	return string(out), nil
}
