package token

import (
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

func TestMain(m *testing.M) { sampledata.Main(m) }

// awkward are texts that a tokenizer gets wrong first: they must all come back byte for byte.
var awkward = []string{
	"", " ", "  ", "\n", "a", " a", "a ", "  a  b  ", "don't we'll I'M they've 'tis ''s '", "x=1234567890;",
	"line\r\nline\r\n\r\n", "\t\tif x {\n\t\t\treturn\n\t\t}\n", "\x00\x01\x7f", "\xff\xfe", "\xc3", "\xc3\xa9\x80", "a\x80b\xf0\x9f",
	"\xed\xa0\x80", "\xc0\x80", "na\u00efve caf\u00e9", "\u65e5\u672c\u8a9e", "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 ok", "a\u00a0b\u2003c\u0085d", "\u00b2\u00bd\u0664 \u2167",
	"\ufffd \ufeffbom", EndOfText, "<s></s><unk><0x41>", "\u0120hello", " \u2581x\u2581", "end with space \n ",
}

func roundTrip(t *testing.T, tok Tokenizer, text string) {
	t.Helper()
	ids := tok.Encode(text)
	for _, id := range ids {
		if id < 0 || int(id) >= tok.VocabSize() {
			t.Errorf("%s: %q: id %d outside %d", tok.Name(), text, id, tok.VocabSize())
			return
		}
	}
	if got, err := tok.Decode(ids); err != nil || got != text {
		t.Errorf("%s: %q came back as %q (%v)", tok.Name(), text, got, err)
	}
	joined, prev := "", int32(-1)
	for _, id := range ids {
		joined += tok.Piece(prev, id)
		prev = id
	}
	if joined != text {
		t.Errorf("%s: the pieces of %q join to %q", tok.Name(), text, joined)
	}
}
