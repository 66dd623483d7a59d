package token

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Save writes the tokenizer into a model folder as tokenizer.json and tokenizer_config.json, which the `tokenizers` and
// `transformers` packages read. Bytes is written as a BPE without merges whose ids are the byte values, and Open knows it
// again. A Llama2c is an error: its tok.bin is already the file to keep.
func Save(t Tokenizer, dir string) error {
	var file hfFile
	config := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false}
	switch t := t.(type) {
	case Bytes:
		file = newHFFile(byteTokens(), nil)
	case *BPE:
		file = newHFFile(t.pieces, t.merges)
		file.Model.Vocab[t.end] = EndOfText
		file.AddedTokens = []hfAdded{{ID: t.end, Content: EndOfText, Special: true}}
		config["bos_token"], config["eos_token"] = EndOfText, EndOfText
	default:
		return fmt.Errorf("token: save: %s cannot be written as tokenizer.json; copy the file it was read from", t.Name())
	}
	for name, content := range map[string]any{"tokenizer.json": file, "tokenizer_config.json": config} {
		text, err := indent(content)
		if err != nil {
			return fmt.Errorf("token: save: %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("token: save: %w", err)
		}
	}
	return nil
}

// indent is JSON with < and > left as they are, which EndOfText has.
func indent(content any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(content)
	return b.Bytes(), err
}

// hfFile is tokenizer.json as far as a byte-level BPE uses it. The parts in RawMessage are written as constants and
// checked in reading.
type hfFile struct {
	Version       string    `json:"version"`
	Truncation    *struct{} `json:"truncation"`
	Padding       *struct{} `json:"padding"`
	AddedTokens   []hfAdded `json:"added_tokens"`
	Normalizer    *hfStep   `json:"normalizer"`
	PreTokenizer  *hfStep   `json:"pre_tokenizer"`
	PostProcessor *hfStep   `json:"post_processor"`
	Decoder       *hfStep   `json:"decoder"`
	Model         hfModel   `json:"model"`
}

type hfAdded struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type hfStep struct {
	Type           string `json:"type"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	TrimOffsets    bool   `json:"trim_offsets"`
	UseRegex       *bool  `json:"use_regex"` // true when absent
}

type hfModel struct {
	Type         string   `json:"type"`
	Dropout      *float64 `json:"dropout"`
	Unknown      *string  `json:"unk_token"`
	Prefix       *string  `json:"continuing_subword_prefix"`
	Suffix       *string  `json:"end_of_word_suffix"`
	FuseUnknown  bool     `json:"fuse_unk"`
	ByteFallback bool     `json:"byte_fallback"`
	IgnoreMerges bool     `json:"ignore_merges"`
	Vocab        hfVocab  `json:"vocab"`
	Merges       hfMerges `json:"merges"`
}

func newHFFile(pieces []string, merges []pair) hfFile {
	yes := true
	f := hfFile{
		Version:      "1.0",
		AddedTokens:  []hfAdded{},
		PreTokenizer: &hfStep{Type: "ByteLevel", TrimOffsets: true, UseRegex: &yes},
		Decoder:      &hfStep{Type: "ByteLevel", TrimOffsets: true, UseRegex: &yes},
		Model:        hfModel{Type: "BPE", Merges: hfMerges{}},
	}
	for _, piece := range pieces {
		f.Model.Vocab = append(f.Model.Vocab, spell(piece))
	}
	for _, m := range merges {
		f.Model.Merges = append(f.Model.Merges, [2]string{spell(pieces[m.a]), spell(pieces[m.b])})
	}
	return f
}

// hfVocab lists the spelled tokens by id; in JSON it is an object from token to id, written in the order of the ids.
type hfVocab []string

func (v hfVocab) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for id, spelled := range v {
		key, err := indent(spelled)
		if err != nil {
			return nil, err
		}
		if id > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s:%d", bytes.TrimSpace(key), id)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (v *hfVocab) UnmarshalJSON(text []byte) error {
	var ids map[string]int32
	if err := json.Unmarshal(text, &ids); err != nil {
		return err
	}
	list := make(hfVocab, len(ids))
	used := make([]bool, len(ids))
	for spelled, id := range ids {
		if id < 0 || int(id) >= len(ids) || used[id] {
			return fmt.Errorf("vocabulary of %d: id %d of %q is out of range or used twice", len(ids), id, spelled)
		}
		list[id], used[id] = spelled, true
	}
	*v = list
	return nil
}

// hfMerges are pairs of spelled tokens, written as "a b" (which every version of `tokenizers` reads) and read in that form
// or as ["a","b"].
type hfMerges [][2]string

func (m hfMerges) MarshalJSON() ([]byte, error) {
	lines := make([]string, len(m))
	for i, pair := range m {
		lines[i] = pair[0] + " " + pair[1]
	}
	return indent(lines)
}

func (m *hfMerges) UnmarshalJSON(text []byte) error {
	var pairs [][2]string
	if json.Unmarshal(text, &pairs) == nil {
		*m = pairs
		return nil
	}
	var lines []string
	if err := json.Unmarshal(text, &lines); err != nil {
		return fmt.Errorf(`merges: expected a list of "a b" or of ["a","b"]: %w`, err)
	}
	for i, line := range lines {
		a, b, ok := strings.Cut(line, " ")
		if !ok {
			return fmt.Errorf("merge %d: expected two tokens with a space between, got %q", i, line)
		}
		*m = append(*m, [2]string{a, b})
	}
	return nil
}
