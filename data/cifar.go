package data

import (
	"errors"
	"fmt"
	"io"
)

// CIFAR10Classes are the names of labels 0 to 9.
var CIFAR10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarRecord = 1 + 3*cifarPlane
)

// ReadCIFAR10 reads files of the CIFAR-10 binary layout, one behind the other: records of 3,073 bytes, which are one
// label byte and the red, green and blue plane of 32 x 32. Files may be gzip-compressed; contents tell.
func ReadCIFAR10(paths ...string) (*ImageArray, error) {
	a := &ImageArray{H: cifarSide, W: cifarSide, C: 3, Names: CIFAR10Classes}
	for _, path := range paths {
		err := readPlainOrGzip(path, func(r io.Reader) error { return parseCIFAR10(r, a) })
		if err != nil {
			return nil, err
		}
	}
	return a, a.Check()
}

func parseCIFAR10(r io.Reader, a *ImageArray) error {
	var record [cifarRecord]byte
	for n := 0; ; n++ {
		switch got, err := io.ReadFull(r, record[:]); {
		case err == io.EOF && n > 0:
			return nil
		case err == io.EOF:
			return errors.New("cifar10: the file holds no record")
		case err != nil:
			return fmt.Errorf("cifar10: record %d: expected %d bytes, got %d up to offset %d: %w", n, cifarRecord, got, n*cifarRecord+got, short(err))
		case int(record[0]) >= len(a.Names):
			return fmt.Errorf("cifar10: record %d: offset %d: expected a label from 0 to %d, got %d: not a CIFAR-10 file", n, n*cifarRecord, len(a.Names)-1, record[0])
		}
		a.Labels = append(a.Labels, int32(record[0]))
		red, green, blue := record[1:1+cifarPlane], record[1+cifarPlane:1+2*cifarPlane], record[1+2*cifarPlane:]
		for i := range red {
			a.Pix = append(a.Pix, red[i], green[i], blue[i])
		}
	}
}
