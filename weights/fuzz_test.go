package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzOpen demands of any bytes: refused with a FormatError, or every tensor can be read, lies where the next begins,
// and survives being written and read again.
func FuzzOpen(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "safetensors", "cases", "*.safetensors"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		seed, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	var every bytes.Buffer
	if err := Encode(&every, everyDType(), map[string]string{"a": "b"}); err != nil {
		f.Fatal(err)
	}
	f.Add(every.Bytes())
	f.Add(fileOf(`{"a":{"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := open(data)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) || fe.Path == "" || fe.Reason == "" || fe.Detail == "" {
				t.Fatalf("got %v, want a FormatError with path, reason and detail", err)
			}
			return
		}
		if len(file.Infos()) > 0 && file.Infos()[0].offset+dataSize(file) != int64(len(data)) {
			t.Fatalf("tensors end at %d, the file at %d", file.Infos()[0].offset+dataSize(file), len(data))
		}
		tensors := readAll(t, file)
		var again bytes.Buffer
		if err := Encode(&again, tensors, file.Metadata()); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		reread, err := open(again.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !maps.Equal(reread.Metadata(), file.Metadata()) || len(reread.Infos()) != len(tensors) {
			t.Fatalf("metadata %v became %v, %d tensors became %d", file.Metadata(), reread.Metadata(), len(tensors), len(reread.Infos()))
		}
		for _, want := range tensors {
			if got, err := reread.Tensor(want.Name); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%v became %v (%v)", want, got, err)
			}
		}
	})
}

func readAll(t *testing.T, f *File) []Tensor {
	t.Helper()
	var tensors []Tensor
	for _, info := range f.Infos() {
		tensor, err := f.Tensor(info.Name)
		if err != nil {
			t.Fatalf("%s: %v", info, err)
		}
		tensors = append(tensors, tensor)
	}
	return tensors
}

// FuzzLlama2CHeader demands that a header of any numbers is refused or describes one layout, whose end is the file size
// that was checked before.
func FuzzLlama2CHeader(f *testing.F) {
	f.Add(int32(64), int32(172), int32(5), int32(8), int32(4), int32(512), int32(512))
	f.Add(int32(8), int32(3), int32(2), int32(4), int32(2), int32(-5), int32(6))
	f.Add(int32(-1<<31), int32(0), int32(1<<31-1), int32(1), int32(-1), int32(-1<<31), int32(7))
	f.Fuzz(func(t *testing.T, dim, hidden, layers, heads, kvHeads, vocab, seqLen int32) {
		var head [llama2cHeader]byte
		for i, v := range []int32{dim, hidden, layers, heads, kvHeads, vocab, seqLen} {
			binary.LittleEndian.PutUint32(head[4*i:], uint32(v))
		}
		config, err := parseLlama2C(head)
		if err != nil {
			return
		}
		size := config.fileSize()
		if size.Sign() <= 0 || size.Cmp(big.NewInt(1<<20)) > 0 {
			return // no file of the test's size; OpenLlama2C would have refused it
		}
		end := int64(llama2cHeader + 4*config.SeqLen*(config.Dim/config.Heads)) // the two unused tables
		for _, info := range config.layout() {
			end += info.Size
		}
		if size.Int64() != end {
			t.Fatalf("%+v: layout of %d bytes, file of %d", config, end, size)
		}
	})
}
