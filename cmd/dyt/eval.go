package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/spf13/cobra"
)

// evalAnswer is what eval --json prints.
type evalAnswer struct {
	Model   string `json:"model"` // folder or file
	Arch    string `json:"arch"`
	Variant string `json:"variant"`
	Data    string `json:"data"`
	train.Scores
	Seconds float64 `json:"seconds"`
}

// evalFlags are the flags of eval.
type evalFlags struct {
	data, tokenizer string
	batch, context  int
	tokens          int
}

func evalCommand(c *console) *cobra.Command {
	var f evalFlags
	var maxLoss float64
	var backendName string
	cmd := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Score a run or a model on validation data: loss, bits per byte, top-1",
		Long: `eval scores a model on one pass over validation data. MODEL is the folder of a run (its newest checkpoint counts), a model folder, or
a .bin file of llama2.c. A run brings its own validation data; --data takes a text file, a folder of texts or images, of which
all is judged, or the name of a source: goroot, sample, tinyshakespeare, fashion-mnist, cifar10.`,
		Example: "  dyt eval runs/quickstart/dyt_s1\n  dyt eval stories260K.bin --tokenizer tok512.bin --data story.txt --json\n  dyt eval runs/first --data notes --max-loss 1.9",
		Args:    exactly(1, "a run, a model folder or a .bin file of llama2.c"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.batch < 0 || f.context < 0 || f.tokens < -1 {
				return usage("--batch, --context and --tokens are %d, %d and %d, expected positive numbers", f.batch, f.context, f.tokens)
			}
			path, err := train.ModelFolder(args[0])
			if err != nil {
				return inputError(err)
			}
			m, from, err := train.OpenModel(path)
			if err != nil {
				return inputError(err)
			}
			defer from.Close()
			config, batch, err := f.resolve(path, m)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			d, err := data.Load(ctx, config)
			if err != nil {
				return inputError(err)
			}
			c.note("%s", d)
			backend, err := openBackend(backendName)
			if err != nil {
				return err
			}
			defer backend.Finalize()
			store := model.NewStore()
			if err := part.Trace(backend, store, m); err != nil {
				return conf.WithCode(err, conf.ExitUnsupported)
			}
			if err := train.Load(store, from); err != nil {
				return inputError(fmt.Errorf("%s: %w", path, err))
			}
			pass, err := d.Validation(batch)
			if err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			defer data.Close(pass)
			began := time.Now()
			scores, err := train.Evaluate(ctx, backend, store, m, pass)
			if err != nil {
				return trainError(err)
			}
			a := evalAnswer{Model: path, Arch: m.Arch(), Variant: m.Variant(), Data: d.String(), Scores: scores, Seconds: time.Since(began).Seconds()}
			if err := c.result(a, a.print); err != nil || maxLoss == 0 || a.Loss <= maxLoss {
				return err
			}
			return conf.WithCode(fmt.Errorf("--max-loss %g: the loss is %.4f", maxLoss, a.Loss), conf.ExitCheck)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "a file, a folder or a source (default: the validation data of the run)")
	flags.StringVar(&f.tokenizer, "tokenizer", "", "tokenizer.json or tok.bin (default: the model folder's, or bytes)")
	flags.IntVar(&f.batch, "batch", 0, "windows, or images, at a time (default: the run's, or 8)")
	flags.IntVar(&f.context, "context", 0, "tokens of a window (default: the run's, or the model's)")
	flags.IntVar(&f.tokens, "tokens", -1, "of text to judge, spread over it, in whole batches and one at least; 0: all (default: as the run, or all)")
	flags.Lookup("tokens").DefValue = "0" // help words the default
	flags.Float64Var(&maxLoss, "max-loss", 0, "end with 5 when the loss is above; 0: never")
	addBackend(flags, &backendName)
	return cmd
}

// resolve says what data a model is judged on, and in what batches.
func (f evalFlags) resolve(path string, m part.Model) (data.Config, int, error) {
	shape := m.Inputs(1)[0].Dimensions // [1, T] or [1, C, H, W]
	c, batch, known, err := train.DataOf(path)
	if f.data == "" && err != nil {
		return c, 0, inputError(err)
	}
	if f.data == "" && !known {
		return c, 0, usage("%s is not of a run that is here; name the data with --data", path)
	}
	if batch == 0 {
		batch = 8
	}
	if f.data != "" {
		fresh, err := judged(f.data, len(shape) == 4)
		if err != nil {
			return c, 0, err
		}
		fresh.Context, fresh.Tokenizer = c.Context, c.Tokenizer
		c = fresh
	}
	if len(shape) == 2 {
		if err := f.text(&c, path, shape[1], m.Classes()); err != nil {
			return c, 0, err
		}
	} else {
		c.Size, c.Augment = shape[2], data.Augment{}
	}
	if f.batch > 0 {
		batch = f.batch
	}
	return c, batch, conf.WithCode(c.Check(), conf.ExitUsage)
}

// text fills in what text needs: a tokenizer and windows that fit the model.
func (f evalFlags) text(c *data.Config, path string, context, vocab int) error {
	if f.context > 0 {
		c.Context = f.context
	}
	if c.Context == 0 {
		c.Context = context
	}
	if f.tokens >= 0 {
		c.ValTokens = f.tokens
	}
	if _, err := os.Stat(filepath.Join(path, "tokenizer.json")); err == nil && vocab != 256 {
		c.Tokenizer = path // the one that the model learned with
	}
	if f.tokenizer != "" {
		c.Tokenizer = f.tokenizer
	}
	if vocab != 256 && (c.Tokenizer == "" || c.Tokenizer == "bytes") {
		return conf.WithCode(fmt.Errorf("%s: the model has %d tokens; name their file with --tokenizer", path, vocab), conf.ExitInput)
	}
	return nil
}

// judged is what --data means: all of a file or folder, or the validation part of a source.
func judged(name string, images bool) (data.Config, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil && (slices.Contains(data.TextSources, name) || slices.Contains(data.ImageSources, name)):
		return data.Config{Source: name}, nil
	case err != nil:
		return data.Config{}, conf.WithCode(fmt.Errorf("--data: %w", err), conf.ExitInput)
	case images:
		return data.Config{Source: "image-folder", Path: name, ValPath: name}, nil
	case info.IsDir():
		return data.Config{Source: "folder", Path: name, ValPath: name}, nil
	}
	return data.Config{Source: "file", Path: name, ValPath: name}, nil
}

func (a evalAnswer) print(w io.Writer) {
	measure := fmt.Sprintf("%.4f bits per byte", a.BPB)
	if a.BPB == 0 {
		measure = fmt.Sprintf("%.2f %% wrong", 100*(1-a.Top1))
	}
	fmt.Fprintf(w, "%s: loss %.4f nats, top-1 %.2f %% of %s predictions\n", measure, a.Loss, 100*a.Top1, thousands(a.Count))
}
