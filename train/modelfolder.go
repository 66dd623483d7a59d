package train

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/dyt-go/dyt/data/token"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/weights"
)

// generationFile has the defaults of transformers' generate for the model that it lies beside.
const generationFile = "generation_config.json"

// generationConfig is generation_config.json in the names of transformers' GenerationConfig. It asks for no draws, so that
// generate takes the likeliest token there as dyt generate does here, and ends a text at the same tokens.
type generationConfig struct {
	BOS int32   `json:"bos_token_id"`
	EOS []int32 `json:"eos_token_id"` // any of them ends a text
	Pad int32   `json:"pad_token_id"` // after the end of the shorter texts of a batch
	Max int     `json:"max_length"`   // tokens of prompt and text: the network's context
}

// writeModel writes a model folder: config and tensors, of text also how to read and to generate it. A tokenizer of llama2.c
// has no tokenizer.json; the run's data.tokenizer names its file.
func (r *Run) writeModel(dir string, params []weights.Tensor) error {
	if err := weights.WriteFolder(dir, weights.Contents{Config: r.Model.ConfigJSON(), Tensors: params}); err != nil {
		return err
	}
	tok := r.data.Tokenizer
	if tok == nil {
		return nil
	}
	g := generationConfig{BOS: tok.BOS(), EOS: []int32{tok.EOS()}, Pad: tok.EOS(), Max: r.Model.Inputs(1)[0].Dimensions[1]}
	if g.BOS != tok.EOS() { // another text begins
		g.EOS = append(g.EOS, g.BOS)
	}
	if err := writeJSON(filepath.Join(dir, generationFile), g); err != nil {
		return err
	}
	if _, ready := tok.(*token.Llama2c); ready {
		return nil
	}
	return token.Save(tok, dir)
}

// Ends returns the tokens at which a text of the model in a folder ends by its generation_config.json, where eos_token_id is a
// number or a list; none where there is no such file, or nothing in it.
func Ends(dir string) ([]int32, error) {
	var g struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	path := filepath.Join(dir, generationFile)
	if !holds(dir, generationFile) { // also of a file of weights
		return nil, nil
	}
	if err := readJSON(path, &g); err != nil || g.EOS == nil {
		return nil, err
	}
	var one int32
	if json.Unmarshal(g.EOS, &one) == nil && string(g.EOS) != "null" {
		return []int32{one}, nil
	}
	var many []int32
	if err := json.Unmarshal(g.EOS, &many); err != nil {
		return nil, conf.WithCode(fmt.Errorf("train: %s: eos_token_id is %s, expected a token or a list of tokens", path, g.EOS), conf.ExitInput)
	}
	return many, nil
}
