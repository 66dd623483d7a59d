// Command bpe learns a byte-level BPE from a text file and writes, into a folder, its tokenizer.json and the ids of the
// text (int32, little endian) as ids.i32. scripts/check_tokenizer.py runs it.
//
//	go run ./data/_gen/bpe TEXT VOCAB FOLDER
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dyt-go/dyt/data/token"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: go run ./data/_gen/bpe TEXT VOCAB FOLDER")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	vocab, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	tok, err := token.Train(slices.Values([]string{string(text)}), vocab)
	if err != nil {
		return err
	}
	if err := token.Save(tok, args[2]); err != nil {
		return err
	}
	var ids []byte
	for _, id := range tok.Encode(string(text)) {
		ids = binary.LittleEndian.AppendUint32(ids, uint32(id))
	}
	return os.WriteFile(filepath.Join(args[2], "ids.i32"), ids, 0o644)
}
