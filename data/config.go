package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/data/augment"
	"github.com/dyt-go/dyt/internal/suggest"
)

// Config is the `data` part of a recipe, with the names of config.yaml. A zero field means "what the source has by
// itself", as its comment says.
type Config struct {
	Source     string   `yaml:"source" json:"source"`         // one of TextSources or ImageSources
	Path       string   `yaml:"path" json:"path"`             // file or folder; empty: go env GOROOT, or the cache's folder of a public set
	ValPath    string   `yaml:"val_path" json:"val_path"`     // a file or folder of its own for validation
	Val        float64  `yaml:"val" json:"val"`               // share of Path for validation; 0: a tenth of a text, the test images of a set that has some
	Extensions []string `yaml:"extensions" json:"extensions"` // folder: which files; empty: all that are text
	Tokenizer  string   `yaml:"tokenizer" json:"tokenizer"`   // bytes (also when empty), bpe (learned from the training part), or the path of a tokenizer.json or tok.bin
	Vocab      int      `yaml:"vocab" json:"vocab"`           // ids of a bpe learned here; 0: 4096
	Context    int      `yaml:"context" json:"context"`       // tokens of one window
	ValTokens  int      `yaml:"val_tokens" json:"val_tokens"` // tokens of one validation pass, spread over the text; 0: all
	Size       int      `yaml:"size" json:"size"`             // height and width of an image; 0: the set's own, 224 for folders
	Workers    int      `yaml:"workers" json:"workers"`       // goroutines that prepare images; 0: one per CPU. Batches do not depend on it
	Augment    Augment  `yaml:"augment" json:"augment"`       // of training images
}

// Augment says how training images are changed; a number at 0 is off. augment/ has the operations.
type Augment struct {
	Crop      float64 `yaml:"crop" json:"crop"`           // smallest area of a random resized crop, 0.08 in the paper; ratio 3/4 to 4/3
	Pad       int     `yaml:"pad" json:"pad"`             // without Crop: a random crop out of the image with so many black pixels on each side
	Flip      float64 `yaml:"flip" json:"flip"`           // probability
	Rand      float64 `yaml:"rand" json:"rand"`           // magnitude of RandAugment, 9 in the paper (rand-mN-mstd0.5-inc1)
	Jitter    float64 `yaml:"jitter" json:"jitter"`       // colour jitter of brightness, contrast, saturation; left out when Rand is on, as timm does
	Hue       float64 `yaml:"hue" json:"hue"`             // and of hue, likewise
	Erase     float64 `yaml:"erase" json:"erase"`         // probability of random erasing
	Mixup     float64 `yaml:"mixup" json:"mixup"`         // alpha of mixup
	Cutmix    float64 `yaml:"cutmix" json:"cutmix"`       // alpha of cutmix; with both on, each batch gets one of them, by halves
	Smoothing float64 `yaml:"smoothing" json:"smoothing"` // of the labels
}

// PaperAugment returns the setting of the DyT paper's ViT and ConvNeXt recipes.
func PaperAugment() Augment {
	return Augment{Crop: 0.08, Flip: 0.5, Rand: 9, Jitter: 0.4, Erase: 0.25, Mixup: 0.8, Cutmix: 1, Smoothing: 0.1}
}

// LightAugment returns the setting of the laptop recipes: pad by 4, crop, flip.
func LightAugment() Augment { return Augment{Pad: 4, Flip: 0.5} }

// Sources are the names that Config.Source takes; the first ones are text, from ImageSources on images.
var (
	TextSources  = []string{"goroot", "sample", "file", "folder", "tinyshakespeare"}
	ImageSources = []string{"fashion-mnist", "cifar10", "image-folder"}
)

// IsText and IsImages say what Source gives.
func (c Config) IsText() bool   { return slices.Contains(TextSources, c.Source) }
func (c Config) IsImages() bool { return slices.Contains(ImageSources, c.Source) }

// NeedsPath says whether the source wants a path that is not there.
func (c Config) NeedsPath() bool {
	return c.Path == "" && (c.Source == "file" || c.Source == "folder" || c.Source == "image-folder")
}

// Check returns an error that names the first wrong field. It opens no file.
func (c Config) Check() error {
	wrong := func(field string, got any, expected string) error {
		return fmt.Errorf("data: config: %s is %v, expected %s", field, got, expected)
	}
	switch {
	case !c.IsText() && !c.IsImages():
		all := slices.Concat(TextSources, ImageSources)
		return wrong("source", fmt.Sprintf("%q%s", c.Source, suggest.DidYouMean(c.Source, all)), strings.Join(all, ", "))
	case c.NeedsPath():
		return fmt.Errorf("data: config: source %s needs a path; set data.path", c.Source)
	case !(0 <= c.Val && c.Val < 1):
		return wrong("val", c.Val, "a share from 0 up to 1")
	case c.ValPath != "" && c.Source != "file" && c.Source != "folder" && c.Source != "image-folder":
		return fmt.Errorf("data: config: val_path: source %s has its own validation part; use val", c.Source)
	case c.ValPath != "" && c.Val != 0:
		return fmt.Errorf("data: config: both val %g and val_path %s are set; keep one", c.Val, c.ValPath)
	case c.IsText() && c.Context < 1:
		return wrong("context", c.Context, "1 or more tokens")
	case c.IsText() && c.Augment != (Augment{}):
		return fmt.Errorf("data: config: augment is for images, and source %s is text", c.Source)
	case c.ValTokens < 0:
		return wrong("val_tokens", c.ValTokens, "0 (all) or more")
	case c.Vocab != 0 && c.Vocab < 257:
		return wrong("vocab", c.Vocab, "0 (4096) or at least 257")
	case c.Size < 0:
		return wrong("size", c.Size, "0 (the set's own) or more")
	case c.Workers < 0:
		return wrong("workers", c.Workers, "0 (one per CPU) or more")
	}
	if c.IsText() {
		return nil
	}
	train, _, mix := c.Augment.pipelines(1, 1, augment.ImageNet())
	if err := train.Check(); err != nil {
		return err
	}
	return mix.Check()
}

// pipelines returns what the numbers mean for results of size x size pixels. resize is the shorter side to which an
// image is brought before a crop that does not scale; 0 leaves it.
func (a Augment) pipelines(size, resize int, stats augment.Stats) (augment.Train, augment.Eval, augment.Mix) {
	train := augment.Train{Size: size, Resize: min(resize, size), Pad: a.Pad, Flip: a.Flip, Filter: augment.Bicubic, Stats: stats}
	if a.Crop != 0 {
		train.Resize, train.Pad = 0, 0
		train.Crop = &augment.RandomResizedCrop{Scale: [2]float64{a.Crop, 1}, Ratio: [2]float64{3. / 4, 4. / 3}}
	}
	if a.Rand != 0 {
		r := augment.PaperRandAugment()
		r.Magnitude = a.Rand
		train.Rand = &r
	} else if a.Jitter != 0 || a.Hue != 0 {
		train.Jitter = &augment.Jitter{Brightness: a.Jitter, Contrast: a.Jitter, Saturation: a.Jitter, Hue: a.Hue}
	}
	if a.Erase != 0 {
		e := augment.PaperErase()
		e.Prob = a.Erase
		train.Erase = &e
	}
	mix := augment.Mix{Mixup: a.Mixup, Cutmix: a.Cutmix, Prob: 1, Switch: 0.5, Smoothing: a.Smoothing}
	return train, augment.Eval{Size: size, Resize: resize, Filter: augment.Bicubic, Stats: stats}, mix
}
