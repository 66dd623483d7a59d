package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"math"
	"testing"
	"time"
)

// slowOrder is the formula of Baselines word by word, with maps of strings.
func slowOrder(train, valid string, order int) float64 {
	count, follow := map[string]float64{}, map[string]map[byte]float64{}
	for i := range len(train) {
		for k := 0; k <= 3 && k <= i; k++ {
			h := train[i-k : i]
			if follow[h] == nil {
				follow[h] = map[byte]float64{}
			}
			count[h]++
			follow[h][train[i]]++
		}
	}
	var p func(k int, h string, c byte) float64
	p = func(k int, h string, c byte) float64 {
		if k < 0 {
			return 1. / 256
		}
		lower := ""
		if k > 0 {
			lower = h[1:]
		}
		if count[h] == 0 {
			return p(k-1, lower, c)
		}
		d := float64(len(follow[h]))
		return (follow[h][c] + d*p(k-1, lower, c)) / (count[h] + d)
	}
	bits := 0.0
	for i := range len(valid) {
		k := min(order, i)
		bits -= math.Log2(p(k, valid[i-k:i], valid[i]))
	}
	return bits / float64(len(valid))
}

func TestBaselinesFollowTheirFormula(t *testing.T) {
	train := []Document{{"a", "abracadabra, the cat sat on the mat"}, {"b", "banana \xff\x01 mat"}}
	valid := []Document{{"c", "the banana sat on abra\xfe"}, {"d", "zzz"}}
	b, err := NewBaselines(train, valid, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, v := string(joinDocuments(train)), string(joinDocuments(valid))
	for k, got := range b.Order {
		if want := slowOrder(a, v, k); math.Abs(got-want) > 1e-12 {
			t.Errorf("order %d: got %.15g, the formula gives %.15g", k, got, want)
		}
	}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, 9)
	w.Write([]byte(v))
	w.Close()
	if b.GzipBytes != int64(z.Len()) || b.Gzip != 8*float64(z.Len())/float64(len(v)) || b.Bytes != int64(len(v)) || b.TrainBytes != int64(len(a)) {
		t.Errorf("got %+v, expected %d compressed of %d bytes, %d of training", b, z.Len(), len(v), len(a))
	}
}

// What a model of order k predicts after a history are probabilities: they sum to 1.
func TestOrdersPredictProbabilities(t *testing.T) {
	text := []byte("the cat sat on the mat and the hat")
	var models [4]order
	for k := range models {
		models[k] = newOrder(k, text)
	}
	for _, history := range []string{"the", "xat", "zzz"} {
		sum := 0.0
		for c := range uint32(256) {
			gram := uint32(history[0])<<24 | uint32(history[1])<<16 | uint32(history[2])<<8 | c
			p := 1. / 256
			for k := range models {
				p = models[k].interpolate(gram, p)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("after %q the probabilities sum to %.15g", history, sum)
		}
	}
}

func TestBaselinesCountNoMoreThanTheLimit(t *testing.T) {
	docs := []Document{{"a", "12345"}, {"b", "1234567"}, {"c", "123"}} // 18 bytes with their ends
	for limit, want := range map[int64]int64{0: 18, 1: 1, 4: 4, 10: 10, 17: 17, 18: 18, 99: 18} {
		b, err := NewBaselines(docs, docs[:1], limit)
		if err != nil || b.TrainBytes != want {
			t.Errorf("limit %d: counted %d bytes, expected %d (%v)", limit, b.TrainBytes, want, err)
		}
	}
	if docs[0].Text != "12345" || docs[1].Text != "1234567" || docs[2].Text != "123" {
		t.Errorf("the documents were changed: %v", docs)
	}
}

func TestBaselinesNeedText(t *testing.T) {
	if _, err := NewBaselines(nil, []Document{{"a", "b"}}, 0); err == nil {
		t.Error("no training text: accepted")
	}
}

// More context predicts Go better, and gzip, which sees no training text, lies beyond order 2. The figures are of unseen
// packages. The empirical entropies of 6 MB of the training text itself (5.31, 3.92, 2.79, 1.96, logged with -v) sink faster
// with the order: a table of the text remembers it. They are no baseline for a model that is judged on unseen text.
func TestBaselinesOnGoSource(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 17 MB and counts them")
	}
	c, err := GoSource(context.Background(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	b, err := NewBaselines(c.Train, c.Valid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d + %d bytes in %v: orders %.3f, gzip -9 %.3f bits per byte", b.TrainBytes, b.Bytes, time.Since(start), b.Order, b.Gzip)
	for k, near := range []float64{5.3, 4.0, 3.1, 2.5} {
		if math.Abs(b.Order[k]-near) > 0.3 {
			t.Errorf("order %d: %.3f bits per byte, expected %.1f +- 0.3", k, b.Order[k], near)
		}
	}
	if math.Abs(b.Gzip-2.1) > 0.3 {
		t.Errorf("gzip -9: %.3f bits per byte, expected 2.1 +- 0.3", b.Gzip)
	}
	if testing.Verbose() {
		text := joinDocuments(c.Train)[:6e6]
		for k := range 4 {
			t.Logf("empirical entropy of order %d in 6 MB of the training text: %.3f", k, empirical(newOrder(k, text)))
		}
	}
}

// empirical is the entropy of what follows a history, in the very text that was counted.
func empirical(o order) float64 {
	bits, total := 0.0, 0.0
	for _, g := range o.grams.slots {
		if g.count > 0 {
			n := float64(g.count)
			bits -= n * math.Log2(n/float64(o.histories.find(g.key>>8).count))
			total += n
		}
	}
	return bits / total
}
