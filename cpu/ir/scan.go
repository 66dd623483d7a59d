package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// token is a word (names, numbers), a quoted string (its value) or one byte of punctuation. The zero kind is the end.
type token struct {
	kind byte // 'w', 'q' or the punctuation itself
	text string
	line int
}

// scan splits text into tokens; space, newlines and comments from // to the end of the line separate them.
func scan(text string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(text)
			}
		case c == '"':
			quoted, err := strconv.QuotedPrefix(text[i:])
			if err != nil {
				return nil, fmt.Errorf("ir: line %d: string without end", line)
			}
			value, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("ir: line %d: string %s: %w", line, quoted, err)
			}
			tokens = append(tokens, token{'q', value, line})
			i += len(quoted)
		case isWordByte(c) || c == '-' || c == '+':
			end := i + 1
			for end < len(text) && (isWordByte(text[end]) || isExponentSign(text, i, end)) {
				end++
			}
			tokens = append(tokens, token{'w', text[i:end], line})
			i = end
		case strings.IndexByte("@(){}[],=:?", c) >= 0:
			tokens = append(tokens, token{c, string(c), line})
			i++
		default:
			return nil, fmt.Errorf("ir: line %d: unexpected %q", line, c)
		}
	}
	return tokens, nil
}

// isExponentSign reports whether text[at] is the sign inside a number such as 1e-05.
func isExponentSign(text string, start, at int) bool {
	if text[at] != '-' && text[at] != '+' || text[at-1] != 'e' {
		return false
	}
	first := strings.TrimLeft(text[start:at], "+-")
	return first != "" && first[0] >= '0' && first[0] <= '9'
}
