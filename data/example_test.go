package data_test

import (
	"context"
	"fmt"
	"io"

	"github.com/dyt-go/dyt/data"
)

// One configuration gives the training batches, the validation pass, and what a model must beat.
func Example() {
	set, err := data.Load(context.Background(), data.Config{Source: "sample", Context: 128, ValTokens: 4096})
	if err != nil {
		fmt.Println(err)
		return
	}
	train, err := set.Train(16, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer data.Close(train)
	batch, err := train.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("tokens", batch.Inputs[0].Shape, "of", set.Classes())

	pass, err := set.Validation(16)
	if err != nil {
		fmt.Println(err)
		return
	}
	batches := 0
	for _, err = pass.Next(); err != io.EOF; _, err = pass.Next() {
		batches++
	}
	text := pass.(*data.TextValid)
	fmt.Println("validation", batches, "batches,", text.Tokens(), "tokens,", text.Bytes(), "bytes")

	// A model that guesses has ln(256) nats for each byte, which is 8 bits.
	fmt.Printf("guessing %.2f bits per byte\n", data.BitsPerByte(5.545177*float64(text.Tokens()), text.Bytes()))
	// Output:
	// tokens [16 128] of 256
	// validation 2 batches, 4096 tokens, 4096 bytes
	// guessing 8.00 bits per byte
}
