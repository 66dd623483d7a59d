package train

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Scores are what a network makes of one pass over validation data.
type Scores struct {
	Loss  float64 `json:"loss"`  // nats per token, or per image
	BPB   float64 `json:"bpb"`   // bits per byte of text; 0 for images
	Top1  float64 `json:"top1"`  // share of correct predictions
	Count int64   `json:"count"` // of predictions
}

// Evaluate scores the network m, whose weights are in store, on a pass from its beginning to its end.
func Evaluate(ctx context.Context, backend compute.Backend, store *model.Store, m part.Model, pass data.Pass) (Scores, error) {
	exec, err := model.NewExec(backend, store, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		nll, correct, count := m.Score(s, in)
		return []*graph.Node{nll, correct, count}
	})
	if err != nil {
		return Scores{}, fmt.Errorf("train: evaluate: %w", err)
	}
	return scorePass(ctx, exec.WithName("score"), pass)
}

// scorePass adds up what exec, a network's Score, says of each batch.
func scorePass(ctx context.Context, exec *model.Exec, pass data.Pass) (Scores, error) {
	pass.Rewind()
	var nll, correct, count float64
	for {
		if ctx.Err() != nil {
			return Scores{}, context.Cause(ctx)
		}
		b, err := pass.Next()
		if endOfPass(err) {
			break
		}
		if err != nil {
			return Scores{}, err
		}
		out, err := exec.Call(inputs(b)...)
		if err != nil {
			return Scores{}, fmt.Errorf("train: evaluate: %w", err)
		}
		nll, correct, count = nll+scalar(out[0]), correct+scalar(out[1]), count+scalar(out[2])
	}
	s := Scores{Loss: nll / count, Top1: correct / count, Count: int64(count)}
	if text, ok := pass.(*data.TextValid); ok {
		s.BPB = data.BitsPerByte(nll, text.Bytes())
	}
	return s, nil
}

// fields are the scores as a line of metrics has them: bits per byte of text alone.
func (s Scores) fields() (loss, bpb, top1 *float64) {
	if s.BPB != 0 {
		bpb = &s.BPB
	}
	return &s.Loss, bpb, &s.Top1
}

// DataOf returns the data and the batch size of the run that a path belongs to: a run folder, or a checkpoint in one.
func DataOf(path string) (c data.Config, batch int, found bool, err error) {
	for _, dir := range []string{path, filepath.Join(path, "..", "..")} {
		if !holds(dir, configFile) {
			continue
		}
		r, err := ReadRun(dir)
		if err != nil {
			return data.Config{}, 0, false, err
		}
		return r.Recipe.Data, r.Recipe.Train.Batch, true, nil
	}
	return data.Config{}, 0, false, nil
}
