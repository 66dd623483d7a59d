package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordLen returns the length in bytes of the first word of text, which must not be empty. Words are what BPE merges
// within: no token crosses from one word into the next. The rule is GPT-2's, whose pattern is
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// written as a scan that looks at each byte once; a byte that is not UTF-8 counts as punctuation. In words: a run of
// letters, of digits or of other characters, with the one space before it; white space keeps to itself but leaves its
// last character to what follows.
func wordLen(text string) int {
	if n := contraction(text); n > 0 {
		return n
	}
	start := 0
	if text[0] == ' ' {
		start = 1
	}
	if start < len(text) {
		if kind, size := class(text[start:]); kind != space {
			end := start + size
			for end < len(text) {
				next, size := class(text[end:])
				if next != kind {
					break
				}
				end += size
			}
			return end
		}
	}
	end, last := 0, 0
	for end < len(text) {
		kind, size := class(text[end:])
		if kind != space {
			if last > 0 { // leave the last one, unless it is the only one
				return last
			}
			break
		}
		last, end = end, end+size
	}
	return end
}

// contraction returns the length of an English ending at the start of text: 's 't 'm 'd 're 've 'll, in lower case.
func contraction(text string) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	for _, ending := range [...]string{"'re", "'ve", "'ll"} {
		if strings.HasPrefix(text, ending) {
			return len(ending)
		}
	}
	return 0
}

// The classes of characters that words are made of.
type charClass uint8

const (
	other charClass = iota
	letter
	number
	space
)

// class returns the class of the first character of text and its length in bytes.
func class(text string) (charClass, int) {
	if c := text[0]; c < utf8.RuneSelf {
		return asciiClass[c], 1
	}
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return other, 1
	}
	return classOf(r), size
}

func classOf(r rune) charClass {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

var asciiClass = func() (table [utf8.RuneSelf]charClass) {
	for c := range table {
		table[c] = classOf(rune(c))
	}
	return table
}()
