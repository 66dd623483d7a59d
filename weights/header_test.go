package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
)

// fileOf returns a safetensors file with this header and n bytes of data.
func fileOf(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func open(file []byte) (*File, error) {
	return NewFile("f.safetensors", bytes.NewReader(file), int64(len(file)))
}

func TestHeaderIsRefusedWithItsReason(t *testing.T) {
	const a = `"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}`
	for _, c := range []struct {
		name, header string
		data         int
		reason       Reason
		says         string
	}{
		{"metadata not a string", `{"__metadata__":{"n":1}}`, 0, InvalidHeaderJSON, `"n"`},
		{"metadata not an object", `{"__metadata__":"x"}`, 0, InvalidHeaderJSON, "object"},
		{"metadata null", `{"__metadata__":null}`, 0, InvalidHeaderJSON, "object"},
		{"metadata key twice", `{"__metadata__":{"k":"1","k":"2"}}`, 0, DuplicateKey, `"k"`},
		{"reserved name as a tensor", `{"__metadata__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4, InvalidHeaderJSON, "shape"},
		{"tensor twice", `{` + a + `,` + a + `}`, 4, DuplicateKey, `"a"`},
		{"tensor twice, once escaped", `{` + a + `,"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}`, 4, DuplicateKey, `"a"`},
		{"metadata twice", `{"__metadata__":{},"__metadata__":{}}`, 0, DuplicateKey, "__metadata__"},
		{"dtype twice", `{"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}}`, 4, DuplicateKey, `"dtype"`},
		{"hole at the start", `{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}`, 5, InvalidOffset, "leaves a hole"},
		{"hole between", `{` + a + `,"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}`, 6, InvalidOffset, `"b"`},
		{"overlap", `{` + a + `,"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, 6, InvalidOffset, "overlaps"},
		{"same place", `{` + a + `,"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4, InvalidOffset, "overlaps"},
		{"end before start", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}`, 4, InvalidOffset, "[4, 0]"},
		{"end beyond int64", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}}`, 0, InvalidOffset, "not a range"},
		{"data longer", `{` + a + `}`, 5, MetadataIncomplete, "4 bytes, the file has 5 after its header: bytes that no tensor owns"},
		{"data shorter", `{` + a + `}`, 3, MetadataIncomplete, "4 bytes, the file has 3 after its header: truncated; copy"},
		{"size and shape", `{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,4]}}`, 4, TensorInvalidInfo, "needs 16 bytes"},
		{"dtype unknown", `{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}`, 16, UnknownDType, `"F128"`},
		{"dtype in small letters", `{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4, UnknownDType, `"f32"`},
		{"F4 of three", `{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, 1, MisalignedSlice, "12 bits"},
		{"F6 of two", `{"a":{"dtype":"F6_E2M3","shape":[2],"data_offsets":[0,1]}}`, 1, MisalignedSlice, "12 bits"},
		{"shape overflows", `{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, ValidationOverflow, "4294967296"},
		{"dimension beyond int64, but empty", `{"a":{"dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]}}`, 0, ValidationOverflow, "18446744073709551615"},
		{"dimension beyond uint64", `{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,0]}}`, 0, InvalidHeaderJSON, "18446744073709551616"},
		{"dimension negative", `{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}`, 0, InvalidHeaderJSON, "-1"},
		{"dimension a fraction", `{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1, InvalidHeaderJSON, "1.0"},
		{"dimension with exponent", `{"a":{"dtype":"U8","shape":[1e2],"data_offsets":[0,100]}}`, 100, InvalidHeaderJSON, "1e2"},
		{"dimension a string", `{"a":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}`, 4, InvalidHeaderJSON, "shape"},
		{"one offset", `{"a":{"dtype":"U8","shape":[4],"data_offsets":[4]}}`, 4, InvalidHeaderJSON, "1 numbers"},
		{"three offsets", `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}`, 4, InvalidHeaderJSON, "3 numbers"},
		{"no shape", `{"a":{"dtype":"U8","data_offsets":[0,4]}}`, 4, InvalidHeaderJSON, "missing"},
		{"unknown field", `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"scale":2}}`, 4, InvalidHeaderJSON, `"scale"`},
		{"tensor is a number", `{"a":4}`, 4, InvalidHeaderJSON, `"a"`},
		{"array at the top", `[]`, 0, InvalidHeaderJSON, "object"},
		{"nothing", ``, 0, InvalidHeaderJSON, "object"},
		{"two objects", `{}{}`, 0, InvalidHeaderJSON, "only space"},
		{"trailing zero byte", "{}\x00", 0, InvalidHeaderJSON, "only space"},
		{"trailing comma", `{` + a + `,}`, 4, InvalidHeaderJSON, "header"},
		{"no comma", `{` + a + `"b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}`, 4, InvalidHeaderJSON, "header"},
		{"unfinished", `{` + a, 4, InvalidHeaderJSON, "header"},
		{"comment", `{/**/}`, 0, InvalidHeaderJSON, "header"},
		{"not UTF-8 in a name", "{\"\xff\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, InvalidHeader, "UTF-8"},
		{"unfinished UTF-8", "{}\xe2\x82", 0, InvalidHeader, "UTF-8"},
		{"not UTF-8 far behind", `{` + a + `}` + strings.Repeat(" ", 9000) + "\xff", 4, InvalidHeader, "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(fileOf(c.header, c.data))
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("got %v, want a FormatError", err)
			}
			if fe.Reason != c.reason || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "weights: f.safetensors: ") {
				t.Errorf("got %v, want %s with %q", err, c.reason, c.says)
			}
		})
	}
}

func TestHeaderIsAccepted(t *testing.T) {
	for _, c := range []struct {
		name, header string
		data         int
		tensors      string
	}{
		{"only metadata", `{"__metadata__":{"a":"1"}}      `, 0, ""},
		{"empty between others", `{"z":{"dtype":"U8","shape":[2,0],"data_offsets":[4,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]},` +
			`"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 5, "a U8[4] z U8[2 0] b U8[1]"},
		{"fields in another order", `{"a":{"data_offsets":[0,2],"shape":[],"dtype":"BF16"}}`, 2, "a BF16[]"},
		{"name that needs escapes", `{"q\"\\\u00e9€":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "q\"\\é€ U8[1]"},
		{"empty name", `{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, " U8[1]"},
		{"four F6 in three bytes", `{"a":{"dtype":"F6_E3M2","shape":[2,2],"data_offsets":[0,3]}}`, 3, "a F6_E3M2[2 2]"},
		{"long name across reads", `{"` + strings.Repeat("€", 5000) + `":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1,
			strings.Repeat("€", 5000) + " U8[1]"},
	} {
		f, err := open(fileOf(c.header, c.data))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, info := range f.Infos() {
			got = append(got, info.String())
		}
		if s := strings.Join(got, " "); s != c.tensors {
			t.Errorf("%s: got %q, want %q", c.name, s, c.tensors)
		}
	}
}

// claim is a file of any size that costs nothing: it begins with head, and zeros follow.
type claim struct{ head []byte }

func (c claim) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(c.head)) {
		copy(p, c.head[at:])
	}
	return len(p), nil
}

// TestLyingHeaderCostsNoMemory opens files that claim up to 2^63 bytes, and a true one of 100 GB.
func TestLyingHeaderCostsNoMemory(t *testing.T) {
	const limit = 64 << 10 // bytes allocated per file; measured: at most 3.8 KB
	huge := `{"a":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]}}`
	small := `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`
	length := func(n uint64, rest string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
	}
	for _, c := range []struct {
		name string
		head []byte
		size int64
		ok   bool
	}{
		{"100 GB claimed, 0 there", fileOf(huge, 0), int64(len(huge)) + 8, false},
		{"100 GB claimed and there", fileOf(huge, 0), int64(len(huge)) + 8 + 100e9, true},
		{"small claim, 100 GB there", fileOf(small, 0), 100e9, false},
		{"header of 99 MB of zeros", length(99e6, ""), 100e9, false},
		{"header of 99 MB that begins well", length(99e6, small[:len(small)-1]), 100e9, false},
		{"header of 100 GB", length(100e9, small), math.MaxInt64, false},
		{"header of 2^64-1", length(math.MaxUint64, small), math.MaxInt64, false},
		{"header longer than the file", length(90e6, small), int64(len(small)) + 8, false},
		{"2^62 elements", fileOf(`{"a":{"dtype":"U64","shape":[4611686018427387904],"data_offsets":[0,8]}}`, 8), 80, false},
		{"two tensors in one place of 100 GB", fileOf(strings.Replace(huge, "}}", `},"b"`+huge[4:], 1), 0), 100e9, false},
	} {
		var f *File
		var err error
		cost := allocated(func() { f, err = NewFile(c.name, claim{c.head}, c.size) })
		if (err == nil) != c.ok {
			t.Errorf("%s: got error %v, want accepted %v", c.name, err, c.ok)
		}
		if cost > limit {
			t.Errorf("%s: opening allocated %d bytes, want at most %d", c.name, cost, limit)
		}
		if c.ok && f.Infos()[0].Size != 100e9 {
			t.Errorf("%s: size %d", c.name, f.Infos()[0].Size)
		}
	}
}

// TestReadingOneTensorCostsThatTensor reads four bytes out of a file of 100 GB.
func TestReadingOneTensorCostsThatTensor(t *testing.T) {
	head := fileOf(`{"big":{"dtype":"F32","shape":[25000000000],"data_offsets":[0,100000000000]},`+
		`"small":{"dtype":"F32","shape":[],"data_offsets":[100000000000,100000000004]}}`, 0)
	f, err := NewFile("big", claim{head}, int64(len(head))+100e9+4)
	if err != nil {
		t.Fatal(err)
	}
	var small Tensor
	cost := allocated(func() { small, err = f.Tensor("small") })
	if err != nil || len(small.Data) != 4 || cost > 4<<10 {
		t.Errorf("got %d bytes of data, %v, and %d bytes allocated; want 4 and at most 4096", len(small.Data), err, cost)
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// failing gives the header and then only errors.
type failing struct{ head []byte }

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(f.head)) {
		return 0, fmt.Errorf("disk on fire")
	}
	n := copy(p, f.head[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestReadErrorsNameFileAndTensor(t *testing.T) {
	whole := fileOf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4)
	cut, err := NewFile("cut.safetensors", bytes.NewReader(whole[:len(whole)-2]), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	broken, err := NewFile("broken.safetensors", failing{whole[:len(whole)-4]}, int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file *File
		name string
		says string
	}{
		{cut, "a", `weights: cut.safetensors: tensor "a": expected 4 bytes at 61, the file ends before: truncated; copy or download it again, or take an older checkpoint (Truncated)`},
		{broken, "a", `weights: broken.safetensors: tensor "a": read: disk on fire`},
		{cut, "b", `weights: cut.safetensors: tensor "b": not among the 1 tensors of the file`},
	} {
		if _, err := c.file.Tensor(c.name); err == nil || err.Error() != c.says {
			t.Errorf("got %v, want %s", err, c.says)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected a safetensors file") {
		t.Errorf("a folder: got %v", err)
	}
}
