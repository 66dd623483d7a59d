package data

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Baselines are bits per byte that need no neural network and no faith, on the bytes that a model is judged on: the
// validation documents, each with one byte 0 after it (what Stream makes of them with the tokenizer Bytes).
type Baselines struct {
	// Order[k] is the cross-entropy of the validation bytes under a model of order k, which predicts a byte c from the
	// k bytes before it and counts nothing but the training bytes:
	//
	//	p[k](c | h) = (n(h,c) + d(h) * p[k-1](c | h')) / (n(h) + d(h)),      p[-1](c) = 1/256
	//
	// h the last k bytes, h' the last k-1; n(h,c) how often c followed h in training, n(h) how often anything did, d(h)
	// how many different bytes did. Where h never occurred, p[k] = p[k-1]. This is the interpolation of Witten and Bell
	// (IEEE Trans. Inf. Theory 37(4), 1991, method C); an unseen byte costs much, never infinitely much.
	Order [4]float64

	// Gzip is what gzip -9 makes of the validation bytes as one file. It has not seen the training part.
	Gzip float64

	Bytes      int64 // validation bytes, separators included
	TrainBytes int64
	GzipBytes  int64
}

// NewBaselines counts and scores. Of training text beyond limit bytes (0: none) only so much is counted: documents in the
// order of the hashes of their names, the last one cut; TrainBytes says how much it was. Cost: 15.3 MB of training and 1.7 MB of validation text took 0.7 to 1.4 s on two shared cores
// (TestBaselinesOnGoSource prints it).
func NewBaselines(train, valid []Document, limit int64) (Baselines, error) {
	text, judged := joinDocuments(upTo(limit, train)), joinDocuments(valid)
	if len(text) == 0 || len(judged) == 0 {
		return Baselines{}, fmt.Errorf("data: baselines: %d training and %d validation documents: expected at least one of each", len(train), len(valid))
	}
	b := Baselines{TrainBytes: int64(len(text)), Bytes: int64(len(judged))}
	var models [4]order
	var work sync.WaitGroup
	for k := range models {
		work.Go(func() { models[k] = newOrder(k, text) })
	}
	var zipErr error
	work.Go(func() { b.GzipBytes, zipErr = zipped(judged) })
	work.Wait()
	if zipErr != nil {
		return Baselines{}, zipErr
	}
	b.Gzip = 8 * float64(b.GzipBytes) / float64(b.Bytes)

	var history uint32
	for i, c := range judged {
		gram := history<<8 | uint32(c)
		p := 1.0 / 256
		for k := range min(i, 3) + 1 {
			p = models[k].interpolate(gram, p)
			b.Order[k] -= math.Log2(p)
		}
		for k := min(i, 3) + 1; k < 4; k++ { // no such history yet
			b.Order[k] -= math.Log2(p)
		}
		history = gram
	}
	for k := range b.Order {
		b.Order[k] /= float64(b.Bytes)
	}
	return b, nil
}

// upTo returns documents of limit bytes at most, their ends included.
func upTo(limit int64, docs []Document) []Document {
	total := int64(0)
	for _, d := range docs {
		total += int64(len(d.Text)) + 1
	}
	if limit == 0 || total <= limit {
		return docs
	}
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Document) int { return cmp.Compare(unitHash(a.Name), unitHash(b.Name)) })
	for i, d := range docs {
		if limit -= int64(len(d.Text)) + 1; limit <= 0 {
			docs[i].Text = d.Text[:max(int64(len(d.Text))+limit, 0)]
			return docs[:i+1]
		}
	}
	return docs
}

// joinDocuments puts one byte 0 behind each document, as Stream does with the tokenizer Bytes.
func joinDocuments(docs []Document) []byte {
	n := 0
	for _, d := range docs {
		n += len(d.Text) + 1
	}
	text := make([]byte, 0, n)
	for _, d := range docs {
		text = append(append(text, d.Text...), 0)
	}
	return text
}

func zipped(text []byte) (int64, error) {
	var n countingWriter
	w, err := gzip.NewWriterLevel(&n, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(text); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return int64(n), nil
}

type countingWriter int64

func (n *countingWriter) Write(p []byte) (int, error) {
	*n += countingWriter(len(p))
	return len(p), nil
}
