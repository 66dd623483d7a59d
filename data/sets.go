package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/internal/suggest"
)

// Set is a public data set that `dyt get NAME` can fetch. Nothing else in this project is fetched by name.
type Set struct {
	Name    string // the argument of `dyt get`, and the name of its folder
	Title   string
	Home    string // where its authors describe it
	Licence string // what its authors say, in short
	Parts   []Part // what is downloaded
}

// Part is one download: a file that is kept as it is, or a .tar.gz of which Members are kept.
type Part struct {
	URL     string
	Size    int64    // bytes of the download
	SHA256  string   // of the download
	Members []Member // non-empty: unpack these, then remove the archive
}

// Member is a file inside an archive. It is stored under the last element of Path.
type Member struct {
	Path   string
	Size   int64
	SHA256 string
}

// Sets returns the table of data sets, in the order in which `dyt get` lists them.
//
// The checksums of Fashion-MNIST were computed from files whose MD5 are those printed in the authors' README, the one of
// Tiny Shakespeare from the file at that commit. CIFAR-10's SHA-256 are those that the loaders of GoMLX (archive) and of
// torchvision for Ruby (archive and members) carry; the author's page prints the MD5 c32a1d4ab5d03f1284b67883e8d87530.
func Sets() []Set {
	const fashion = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/"
	const batch = int64(10000 * (1 + 3*32*32))
	return []Set{
		{
			Name:    "tinyshakespeare",
			Title:   "Tiny Shakespeare, 1.1 MB of plays as one text",
			Home:    "https://github.com/karpathy/char-rnn",
			Licence: "the plays are out of copyright; the repository says MIT",
			Parts: []Part{{
				URL:    "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
				Size:   1115394,
				SHA256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
			}},
		},
		{
			Name:    "fashion-mnist",
			Title:   "Fashion-MNIST, 60,000 + 10,000 grey images of 28 x 28, 10 classes",
			Home:    "https://github.com/zalandoresearch/fashion-mnist",
			Licence: "MIT, Copyright 2017 Zalando SE",
			Parts: []Part{
				{URL: fashion + "train-images-idx3-ubyte.gz", Size: 26421880, SHA256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
				{URL: fashion + "train-labels-idx1-ubyte.gz", Size: 29515, SHA256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
				{URL: fashion + "t10k-images-idx3-ubyte.gz", Size: 4422102, SHA256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
				{URL: fashion + "t10k-labels-idx1-ubyte.gz", Size: 5148, SHA256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
			},
		},
		{
			Name:    "cifar10",
			Title:   "CIFAR-10 (binary version), 50,000 + 10,000 colour images of 32 x 32, 10 classes",
			Home:    "https://www.cs.toronto.edu/~kriz/cifar.html",
			Licence: "no licence stated; cite Krizhevsky 2009",
			Parts: []Part{{
				URL:    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
				Size:   170052171,
				SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
				Members: []Member{
					{"cifar-10-batches-bin/data_batch_1.bin", batch, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
					{"cifar-10-batches-bin/data_batch_2.bin", batch, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
					{"cifar-10-batches-bin/data_batch_3.bin", batch, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
					{"cifar-10-batches-bin/data_batch_4.bin", batch, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
					{"cifar-10-batches-bin/data_batch_5.bin", batch, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
					{"cifar-10-batches-bin/test_batch.bin", batch, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
				},
			}},
		},
	}
}

// SetByName returns a row of Sets, or an error that lists the names there are.
func SetByName(name string) (Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return Set{}, fmt.Errorf("data: set: unknown name %q%s; known are %s", name, suggest.DidYouMean(name, names), strings.Join(names, ", "))
}

// File is a file as it lies in the folder of a set.
type File struct {
	Name   string
	Size   int64
	SHA256 string
}

// Files lists what the folder of the set holds once it is complete.
func (s Set) Files() []File {
	var files []File
	for _, p := range s.Parts {
		files = append(files, p.Files()...)
	}
	return files
}

// Files lists what the part leaves behind: the download itself, or its members.
func (p Part) Files() []File {
	if len(p.Members) == 0 {
		return []File{{lastElement(p.URL), p.Size, p.SHA256}}
	}
	var files []File
	for _, m := range p.Members {
		files = append(files, File{lastElement(m.Path), m.Size, m.SHA256})
	}
	return files
}

// Size returns the bytes to download for the whole set.
func (s Set) Size() int64 {
	var n int64
	for _, p := range s.Parts {
		n += p.Size
	}
	return n
}

// Find returns the folder of the set: dir, or its place in the cache when dir is empty. When a file is absent or has
// another size than the table says, the error is a *Missing. Contents are not read; that is the download's duty.
func (s Set) Find(dir string) (string, error) {
	if dir == "" {
		cache, err := CacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(cache, s.Name)
	}
	for _, f := range s.Files() {
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err == nil && (!info.Mode().IsRegular() || info.Size() != f.Size) {
			err = fmt.Errorf("expected a file of %d bytes, got %v of %d bytes", f.Size, info.Mode(), info.Size())
		}
		if err != nil {
			return "", &Missing{Set: s, Dir: dir, File: f, Err: err}
		}
	}
	return dir, nil
}

// CacheDir returns the folder under which data sets are kept: $DYT_CACHE, or $XDG_CACHE_HOME/dyt, or dyt in the user's
// cache folder of this system. It need not exist yet.
func CacheDir() (string, error) {
	if dir := os.Getenv("DYT_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" && filepath.IsAbs(dir) {
		return filepath.Join(dir, "dyt"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data: cache folder: %w; set DYT_CACHE to a folder for data sets", err)
	}
	return filepath.Join(dir, "dyt"), nil
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
