package token

import (
	"encoding/json"
	"fmt"
)

// parseHuggingFace reads a tokenizer.json that holds a byte-level BPE, and refuses every other kind by what it has that
// a byte-level BPE has not: a tokenizer that is nearly right gives nearly right ids, which nobody notices.
func parseHuggingFace(content []byte) (Tokenizer, error) {
	var f hfFile
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%w; supported is the byte-level BPE of GPT-2's kind", err)
	}
	end := int32(-1)
	for _, added := range f.AddedTokens {
		if !added.Special || added.Content != EndOfText || int(added.ID) > len(f.Model.Vocab) || added.ID < 0 {
			return nil, fmt.Errorf("added token %q with id %d: supported is %s, special, with an id of the vocabulary", added.Content, added.ID, EndOfText)
		}
		end = added.ID
	}
	if int(end) == len(f.Model.Vocab) { // trainers may leave it out of the vocabulary
		f.Model.Vocab = append(f.Model.Vocab, EndOfText)
	}
	ids := make(map[string]int32, len(f.Model.Vocab))
	pieces := make([]string, len(f.Model.Vocab))
	for id, spelled := range f.Model.Vocab {
		ids[spelled] = int32(id)
		if int32(id) == end {
			continue
		}
		var err error
		if pieces[id], err = unspell(spelled); err != nil {
			return nil, err
		}
	}
	merges := make([]pair, len(f.Model.Merges))
	for rank, m := range f.Model.Merges {
		a, okA := ids[m[0]]
		b, okB := ids[m[1]]
		if !okA || !okB || a == end || b == end {
			return nil, fmt.Errorf("merge %d: %q + %q: not both are in the vocabulary", rank, m[0], m[1])
		}
		merges[rank] = pair{a, b}
	}
	if end < 0 {
		if isBytes(pieces) && len(merges) == 0 {
			return Bytes{}, nil
		}
		return nil, fmt.Errorf("no special token %s: a document could not be ended", EndOfText)
	}
	return newBPE(pieces, merges, end)
}

func (f hfFile) check() error {
	on := func(s *hfStep) bool { return s.UseRegex == nil || *s.UseRegex }
	m := f.Model
	switch {
	case m.Type != "BPE":
		return fmt.Errorf("model type %q", m.Type)
	case f.Normalizer != nil:
		return fmt.Errorf("normalizer %q", f.Normalizer.Type)
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "ByteLevel":
		return fmt.Errorf("pre_tokenizer is not ByteLevel alone")
	case f.PreTokenizer.AddPrefixSpace || !on(f.PreTokenizer):
		return fmt.Errorf("pre_tokenizer ByteLevel with add_prefix_space or without use_regex")
	case f.PostProcessor != nil && f.PostProcessor.Type != "ByteLevel":
		return fmt.Errorf("post_processor %q", f.PostProcessor.Type)
	case f.Decoder == nil || f.Decoder.Type != "ByteLevel":
		return fmt.Errorf("decoder is not ByteLevel alone")
	case m.Dropout != nil && *m.Dropout != 0:
		return fmt.Errorf("dropout %g", *m.Dropout)
	case m.Prefix != nil && *m.Prefix != "" || m.Suffix != nil && *m.Suffix != "":
		return fmt.Errorf("continuing_subword_prefix or end_of_word_suffix")
	case m.ByteFallback || m.IgnoreMerges:
		return fmt.Errorf("byte_fallback or ignore_merges")
	case f.Truncation != nil || f.Padding != nil:
		return fmt.Errorf("truncation or padding")
	}
	return nil
}

// byteTokens are the 256 bytes in the order of their values.
func byteTokens() []string {
	pieces := make([]string, 256)
	for b := range pieces {
		pieces[b] = string([]byte{byte(b)})
	}
	return pieces
}

func isBytes(pieces []string) bool {
	if len(pieces) != 256 {
		return false
	}
	for b, piece := range byteTokens() {
		if pieces[b] != piece {
			return false
		}
	}
	return true
}
