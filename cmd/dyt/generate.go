package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/train"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/spf13/cobra"
)

// generateAnswer is what generate --json prints.
type generateAnswer struct {
	Prompt  string  `json:"prompt"`
	Text    string  `json:"text"` // what follows the prompt
	Tokens  []int32 `json:"tokens"`
	Seconds float64 `json:"seconds"`
}

func generateCommand(c *console) *cobra.Command {
	var prompt, tokenizer, backendName string
	var n int
	var seed uint64
	var o sample.Options
	cmd := &cobra.Command{
		Use:   "generate MODEL",
		Short: "Continue a text with a model folder, a run or a llama2.c checkpoint",
		Long: `generate prints what a language model makes of a prompt. MODEL is a folder with config.json and model.safetensors, the
folder of a run, whose newest checkpoint counts, or a .bin file of llama2.c. Temperature 0, the default, takes the likeliest
token each time. A text ends where the tokenizer, or the folder's generation_config.json, says so. Of a text longer than the
model's context the last tokens count: at least half a context, at most a whole one.`,
		Example: "  dyt generate stories260K.bin --tokenizer tok512.bin\n  dyt generate runs/first --prompt func --tokens 100 --temperature 0.8 --top-p 0.95 --seed 7",
		Args:    exactly(1, "a model: a folder or a .bin file of llama2.c"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Check(); err != nil {
				return conf.WithCode(err, conf.ExitUsage)
			}
			if n <= 0 {
				return usage("--tokens is %d, expected a positive number", n)
			}
			text, tok, done, err := openText(args[0], tokenizer, backendName)
			if err != nil {
				return err
			}
			defer done()
			stops, err := ends(args[0], tok)
			if err != nil {
				return inputError(err)
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			ids := append([]int32{tok.BOS()}, tok.Encode(prompt)...)
			answer, said, started := generateAnswer{Prompt: prompt, Tokens: []int32{}}, strings.Builder{}, time.Now()
			if !c.json {
				fmt.Fprint(c.out, prompt)
			}
			err = text.Continue(ctx, ids, n, o, seed, stops, func(prev, id int32) error {
				piece := tok.Piece(prev, id)
				answer.Tokens = append(answer.Tokens, id)
				said.WriteString(piece)
				if c.json {
					return nil
				}
				_, err := io.WriteString(c.out, piece)
				return err
			})
			if err != nil {
				return trainError(err)
			}
			answer.Text, answer.Seconds = said.String(), time.Since(started).Seconds()
			return c.result(answer, func(w io.Writer) {
				if isTerminal(w) { // the text alone in files and pipes, a line's end before a shell's prompt
					fmt.Fprintln(w)
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&prompt, "prompt", "", "the text to continue")
	flags.StringVar(&tokenizer, "tokenizer", "", "tokenizer.json or tok.bin (default: the model folder's, or bytes for a vocabulary of 256)")
	flags.IntVar(&n, "tokens", 200, "at most this many")
	flags.Float64Var(&o.Temperature, "temperature", 0, "divides the logits; 0 takes the likeliest token")
	flags.IntVar(&o.TopK, "top-k", 0, "draw from the k likeliest tokens; 0: from all")
	flags.Float64Var(&o.TopP, "top-p", 0, "draw from the likeliest tokens that together have this probability; 0: from all")
	flags.Uint64Var(&seed, "seed", 1, "of the draws")
	addBackend(flags, &backendName)
	return cmd
}

// openText opens a model with its weights and its tokenizer on a backend; done ends all of them.
func openText(path, tokenizer, backendName string) (text *sample.Text, tok token.Tokenizer, done func(), err error) {
	if path, err = train.ModelFolder(path); err != nil {
		return nil, nil, nil, inputError(err)
	}
	m, from, err := train.OpenModel(path)
	if err != nil {
		return nil, nil, nil, inputError(err)
	}
	defer from.Close()
	if len(m.Inputs(1)[0].Dimensions) != 2 {
		return nil, nil, nil, conf.WithCode(fmt.Errorf("%s: %s reads no text, expected a language model", path, m.Arch()), conf.ExitUnsupported)
	}
	if tok, err = openTokenizer(tokenizer, path, m.Classes()); err != nil {
		return nil, nil, nil, inputError(err)
	}
	backend, err := openBackend(backendName)
	if err != nil {
		return nil, nil, nil, err
	}
	store := model.NewStore()
	if err = part.Trace(backend, store, m); err != nil {
		err = conf.WithCode(err, conf.ExitUnsupported)
	} else if err = train.Load(store, from); err != nil {
		err = conf.WithCode(fmt.Errorf("%s: %w", path, err), conf.ExitInput)
	} else if text, err = sample.NewText(backend, store, m); err == nil {
		return text, tok, backend.Finalize, nil
	}
	backend.Finalize()
	return nil, nil, nil, err
}
