package data

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/dyt-go/dyt/data/augment"
)

// loadImages reads or lists the set, sets images aside for validation where it has no part of its own, and makes the
// pipelines.
func (d *Dataset) loadImages() error {
	var train, valid Images
	var err error
	stats, side, resize := augment.ImageNet(), 224, 0
	switch d.Config.Source {
	case "fashion-mnist":
		stats, side = augment.FashionMNIST(), 28
		train, valid, err = both(FashionMNIST(d.Config.Path))
	case "cifar10":
		stats, side = augment.CIFAR10(), 32
		train, valid, err = both(CIFAR10(d.Config.Path))
	default:
		train, valid, err = imageFolders(d.Config.Path, d.Config.ValPath)
	}
	if err != nil {
		return err
	}
	size := d.Config.Size
	if size == 0 {
		size = side
	}
	switch {
	case d.Config.Source == "image-folder":
		resize = size * 256 / 224 // the paper's margin
	case size != side:
		resize = size
	}
	share := d.Config.Val
	if valid == nil && share == 0 {
		share = DefaultValid
	}
	if share > 0 {
		if train, valid, err = SplitImages(train, max(int(share*float64(train.Len())), 1), 0); err != nil {
			return err
		}
	}
	d.Images.Train, d.Images.Valid = train, valid
	d.pipes.train, d.pipes.valid, d.pipes.mix = d.Config.Augment.pipelines(size, resize, stats)
	return nil
}

func both(train, test *ImageArray, err error) (Images, Images, error) {
	if err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// imageFolders reads a folder of classes, or the folders train and val (or valid, validation, test) in it. Without a
// validation folder, valid is nil.
func imageFolders(dir, validDir string) (train, valid Images, err error) {
	isDir := func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.IsDir()
	}
	if isDir("train") && validDir == "" {
		if i := slices.IndexFunc([]string{"val", "valid", "validation", "test"}, isDir); i >= 0 {
			validDir = filepath.Join(dir, []string{"val", "valid", "validation", "test"}[i])
			dir = filepath.Join(dir, "train")
		}
	}
	t, err := ReadImageFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	if validDir == "" {
		return t, nil, nil
	}
	v, err := readImageFolder(validDir, t.classes)
	if err != nil {
		return nil, nil, err
	}
	return t, v, nil
}
