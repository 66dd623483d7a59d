package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// FashionMNISTClasses are the names of labels 0 to 9.
var FashionMNISTClasses = []string{"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"}

// FashionMNIST reads the 60,000 training and the 10,000 test images, 28 x 28 grey, from dir, or from the cache if dir is
// empty. Uncompressed files of the same names are read too. If the set is not there, the error is a *Missing.
func FashionMNIST(dir string) (train, test *ImageArray, err error) {
	set, err := SetByName("fashion-mnist")
	if err != nil {
		return nil, nil, err
	}
	found, err := set.Find(dir)
	suffix := ".gz"
	if err != nil {
		suffix, found = "", dir
		for _, name := range []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"} {
			if dir == "" || !regular(filepath.Join(dir, name)) {
				return nil, nil, err
			}
		}
	}
	read := func(part string) *ImageArray {
		if err != nil {
			return nil
		}
		var a *ImageArray
		a, err = ReadIDXImages(filepath.Join(found, part+"-images-idx3-ubyte"+suffix), filepath.Join(found, part+"-labels-idx1-ubyte"+suffix), FashionMNISTClasses)
		return a
	}
	err = nil
	train, test = read("train"), read("t10k")
	return train, test, err
}

// CIFAR10 reads the training and the test images, 32 x 32 colour, from dir, or from the cache if dir is empty. Where the
// official set is not there, dir may hold a part of it as data_batch_*.bin.gz and test_batch*.bin.gz. If neither is, the
// error is a *Missing.
func CIFAR10(dir string) (train, test *ImageArray, err error) {
	set, err := SetByName("cifar10")
	if err != nil {
		return nil, nil, err
	}
	suffix := ".bin"
	found, err := set.Find(dir)
	if err != nil {
		suffix, found = ".bin.gz", dir
	}
	trainFiles, _ := filepath.Glob(filepath.Join(found, "data_batch_*"+suffix))
	testFiles, _ := filepath.Glob(filepath.Join(found, "test_batch*"+suffix))
	if err != nil && (dir == "" || len(trainFiles) == 0 || len(testFiles) == 0) {
		return nil, nil, err
	}
	slices.Sort(trainFiles)
	if train, err = ReadCIFAR10(trainFiles...); err != nil {
		return nil, nil, err
	}
	test, err = ReadCIFAR10(testFiles...)
	return train, test, err
}

// ReadIDXImages reads a file of images, [N, H, W] or [N, H, W, C], and the file of their labels, [N].
func ReadIDXImages(images, labels string, classes []string) (*ImageArray, error) {
	dims, pix, err := ReadIDX(images)
	if err != nil {
		return nil, err
	}
	if len(dims) != 3 && len(dims) != 4 {
		return nil, fmt.Errorf("data: %s: idx: expected images as [N, H, W] or [N, H, W, C], got %v", images, dims)
	}
	labelDims, values, err := ReadIDX(labels)
	if err != nil {
		return nil, err
	}
	if len(labelDims) != 1 || labelDims[0] != dims[0] {
		return nil, fmt.Errorf("data: %s: idx: expected %d labels as [N], got %v", labels, dims[0], labelDims)
	}
	a := &ImageArray{H: dims[1], W: dims[2], C: 1, Pix: pix, Labels: make([]int32, len(values)), Names: classes}
	if len(dims) == 4 {
		a.C = dims[3]
	}
	for i, v := range values {
		a.Labels[i] = int32(v)
	}
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("%w, in %s", err, labels)
	}
	return a, nil
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
