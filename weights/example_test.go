package weights_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/dyt-go/dyt/weights"
)

// A file appears under its name only when it is complete, and is read one tensor at a time.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	alpha := weights.Tensor{Name: "norm.alpha", DType: weights.F32, Shape: []int{1}, Data: binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5))}
	if err := weights.WriteFile(path, []weights.Tensor{alpha}, map[string]string{"format": "pt"}); err != nil {
		panic(err)
	}
	file, err := weights.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	for _, info := range file.Infos() {
		fmt.Println(info)
	}
	_, err = file.Tensor("norm.weight")
	fmt.Println("a tensor that is not there:", err != nil)
	// Output:
	// norm.alpha F32[1]
	// a tensor that is not there: true
}
