package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

// vector is one row of expected.json.
type vector struct {
	File   string
	Bytes  int
	Valid  bool
	Error  string
	Header map[string]json.RawMessage
}

func TestReaderAgreesWithReferenceVectors(t *testing.T) {
	testVectors(t, filepath.Join("testdata", "safetensors"))
}

func TestReaderAgreesWithReferenceVectorsOfSampleData(t *testing.T) {
	testVectors(t, sampledata.Path(t, "vectors-safetensors"))
}

func testVectors(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	read, refused := 0, 0
	for _, v := range vectors {
		f, err := Open(filepath.Join(dir, filepath.FromSlash(v.File)))
		if v.Valid {
			read++
			if err != nil {
				t.Errorf("%s: got %v, want it read", v.File, err)
				continue
			}
			checkVector(t, v, f)
			f.Close()
			continue
		}
		refused++
		var fe *FormatError
		if !errors.As(err, &fe) || string(fe.Reason) != v.Error || !strings.Contains(err.Error(), filepath.Base(v.File)) {
			t.Errorf("%s: got %v, want a refusal that names the file and %s", v.File, err, v.Error)
		}
	}
	if read != 15 || refused != 10 {
		t.Errorf("%d vectors to read and %d to refuse, want 15 and 10", read, refused)
	}
}

// checkVector compares names, dtypes, shapes, metadata and bytes with the header that expected.json gives.
func checkVector(t *testing.T, v vector, f *File) {
	t.Helper()
	whole, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	tensors := 0
	for name, raw := range v.Header {
		if name == metadataKey {
			var want map[string]string
			if err := json.Unmarshal(raw, &want); err != nil || !reflect.DeepEqual(f.Metadata(), want) {
				t.Errorf("%s: metadata %v, want %v (%v)", v.File, f.Metadata(), want, err)
			}
			continue
		}
		tensors++
		var want struct {
			DType   DType
			Shape   []int
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		got, err := f.Tensor(name)
		if err != nil || got.DType != want.DType || !reflect.DeepEqual(got.Shape, want.Shape) {
			t.Errorf("%s: %s is %v, %v; want %s%v", v.File, name, got.Info(), err, want.DType, want.Shape)
		}
		data := whole[len(whole)-int(dataSize(f)):][want.Offsets[0]:want.Offsets[1]]
		if !bytes.Equal(got.Data, data) {
			t.Errorf("%s: %s holds %x, want %x", v.File, name, got.Data, data)
		}
	}
	if len(f.Infos()) != tensors {
		t.Errorf("%s: %d tensors, want %d", v.File, len(f.Infos()), tensors)
	}
}

func dataSize(f *File) (n int64) {
	for _, info := range f.Infos() {
		n += info.Size
	}
	return n
}

// TestRealFileRoundTrips reads a file that a third party wrote, writes its tensors again and reads them back.
func TestRealFileRoundTrips(t *testing.T) {
	f, err := Open(sampledata.Path(t, "vectors-safetensors/retsim-v1.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var tensors []Tensor
	parameters := 0
	for _, info := range f.Infos() {
		tensor, err := f.Tensor(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, tensor)
		parameters += info.Len()
	}
	if len(tensors) != 23 || parameters != 535811 {
		t.Errorf("%d tensors with %d parameters, want 23 with 535811", len(tensors), parameters)
	}
	path := filepath.Join(t.TempDir(), "again.safetensors")
	if err := WriteFile(path, tensors, f.Metadata()); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, want := range tensors {
		if got, err := again.Tensor(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s changed on the way (%v)", want.Info(), err)
		}
	}
}
