package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/data/augment"
)

// ImageFolder is a set of PNG and JPEG files, one sub-folder a class. Files are decoded when they are asked for.
type ImageFolder struct {
	dir     string
	files   []string // slash-separated, relative to dir
	labels  []int
	classes []string
	id      string
	Skipped int // files of other kinds
}

// ReadImageFolder lists dir: its sub-folders, in the order of their names, are the classes; the images are the files
// below them that end in .png, .jpg or .jpeg, in the order of their paths. Hidden files are left out, links are not
// followed. Its ID covers names and sizes of the files, not their contents.
func ReadImageFolder(dir string) (*ImageFolder, error) { return readImageFolder(dir, nil) }

// readImageFolder demands the given classes, if any: a validation folder must number them as the training folder does.
func readImageFolder(dir string, classes []string) (*ImageFolder, error) {
	if err := isFolder("images", dir); err != nil {
		return nil, err
	}
	f := &ImageFolder{dir: dir}
	h := sha256.New()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: images: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && !hidden(e.Name()) {
			f.classes = append(f.classes, e.Name())
		}
	}
	if classes != nil && !slices.Equal(classes, f.classes) {
		return nil, fmt.Errorf("data: images: %s: classes %q: expected those of the training folder, %q", dir, f.classes, classes)
	}
	for label, class := range f.classes {
		before := len(f.files)
		if err := f.list(label, class, h); err != nil {
			return nil, fmt.Errorf("data: images: %w", err)
		}
		if len(f.files) == before {
			return nil, fmt.Errorf("data: images: %s: class %q has no .png, .jpg or .jpeg file; remove the folder or fill it", dir, class)
		}
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("data: images: %s: no sub-folders; expected one for each class, with .png, .jpg or .jpeg files", dir)
	}
	f.id = hex.EncodeToString(h.Sum(nil))
	return f, nil
}

func (f *ImageFolder) list(label int, class string, names io.Writer) error {
	root := os.DirFS(f.dir)
	return fs.WalkDir(root, class, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case hidden(name) && d.IsDir():
			return fs.SkipDir
		case !d.Type().IsRegular() || hidden(name):
			return nil
		case !slices.Contains([]string{".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(name))):
			f.Skipped++
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(names, "%d %q %d\n", label, name, info.Size())
		f.files, f.labels = append(f.files, name), append(f.labels, label)
		return nil
	})
}

func (f *ImageFolder) Len() int          { return len(f.files) }
func (f *ImageFolder) Label(i int) int   { return f.labels[i] }
func (f *ImageFolder) Classes() []string { return f.classes }
func (f *ImageFolder) ID() string        { return f.id }

// Image decodes file i as DecodeImage does.
func (f *ImageFolder) Image(i int) (augment.Image, error) {
	path := filepath.Join(f.dir, filepath.FromSlash(f.files[i]))
	r, err := os.Open(path)
	if err != nil {
		return augment.Image{}, err
	}
	defer r.Close()
	m, err := DecodeImage(r)
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// maxPixels bounds an image: a few bytes of header may claim any size.
const maxPixels = 1 << 28

// DecodeImage reads a PNG or JPEG file: grey as one channel, everything else as red, green, blue. Transparency is dropped,
// as Pillow's convert("RGB") does, and of 16 bits the high 8 are kept. The first bytes tell the kind. PNG gives Pillow's levels; JPEG differs by up to 3,
// as image/jpeg and libjpeg round the cosine transform each in its way. An error says how many bytes had been read, in pieces of 4,096.
func DecodeImage(r io.Reader) (augment.Image, error) {
	counted := &countingReader{r: r}
	head := &replay{r: counted}
	size, decode := jpeg.DecodeConfig, jpeg.Decode
	signature := make([]byte, len(pngSignature))
	n, err := io.ReadFull(head, signature)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return augment.Image{}, fmt.Errorf("image: %w", err)
	case string(signature) == pngSignature:
		size, decode = png.DecodeConfig, png.Decode
	case !bytes.HasPrefix(signature, []byte(jpegSignature)):
		return augment.Image{}, fmt.Errorf("image: neither PNG nor JPEG: begins with % x", signature[:n])
	}
	config, err := size(io.MultiReader(bytes.NewReader(signature), head))
	if err != nil {
		return augment.Image{}, fmt.Errorf("image: header: after %d bytes: %w", counted.n, short(err))
	}
	if w, h := config.Width, config.Height; w < 1 || h < 1 || w > maxPixels/h {
		return augment.Image{}, fmt.Errorf("image: %d x %d pixels: expected 1 to %d", w, h, maxPixels)
	}
	m, err := decode(head.again())
	if err != nil {
		return augment.Image{}, fmt.Errorf("image: after %d bytes: %w", counted.n, short(err))
	}
	return fromGo(m), nil
}

const (
	pngSignature  = "\x89PNG\r\n\x1a\n"
	jpegSignature = "\xff\xd8"
)

// fromGo converts. Kinds that occur often are read without an interface call for each pixel.
func fromGo(m image.Image) augment.Image {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	switch m := m.(type) {
	case *image.Gray:
		out := augment.New(h, w, 1)
		for y := range h {
			copy(out.Pix[y*w:(y+1)*w], m.Pix[y*m.Stride:])
		}
		return out
	case *image.Gray16:
		out := augment.New(h, w, 1)
		for i := range out.Pix {
			out.Pix[i] = m.Pix[i/w*m.Stride+i%w*2]
		}
		return out
	case *image.YCbCr:
		return fromYCbCr(m)
	case *image.RGBA:
		return fromFour(m.Pix, m.Stride, h, w)
	case *image.NRGBA:
		return fromFour(m.Pix, m.Stride, h, w)
	}
	out := augment.New(h, w, 3)
	for i := range h * w {
		c := opaque(m.At(b.Min.X+i%w, b.Min.Y+i/w))
		out.Pix[3*i], out.Pix[3*i+1], out.Pix[3*i+2] = c.R, c.G, c.B
	}
	return out
}

// fromFour drops every fourth level.
func fromFour(pix []uint8, stride, h, w int) augment.Image {
	out := augment.New(h, w, 3)
	for y := range h {
		src, dst := pix[y*stride:y*stride+4*w], out.Pix[3*y*w:3*(y+1)*w]
		for x := range w {
			copy(dst[3*x:3*x+3], src[4*x:])
		}
	}
	return out
}

// opaque returns the colour that is stored, not premultiplied by its transparency.
func opaque(c color.Color) color.NRGBA {
	switch c := c.(type) {
	case color.NRGBA:
		return c
	case color.NRGBA64:
		return color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), math.MaxUint8}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}
