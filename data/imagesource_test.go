package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/data/augment"
)

// tinyImages are n colour images of 12 x 10; the label of image i is i%4, and its first level is i.
func tinyImages(n int) *ImageArray {
	a := &ImageArray{H: 12, W: 10, C: 3, Names: []string{"a", "b", "c", "d"}, Pix: make([]uint8, n*360), Labels: make([]int32, n)}
	for i := range a.Pix {
		a.Pix[i] = uint8(i * i >> 3)
	}
	for i := range n {
		a.Labels[i] = int32(i % 4)
		a.Pix[i*360] = uint8(i)
	}
	return a
}

func smallPaper() (augment.Train, augment.Mix) {
	train, _, mix := PaperAugment().pipelines(8, 0, augment.ImageNet())
	return train, mix
}

func trainSource(t *testing.T, n, B int, seed uint64, workers int) *ImageSource {
	t.Helper()
	train, mix := smallPaper()
	s, err := NewImageTrain(tinyImages(n), train, mix, B, seed, workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestImageBatchesDoNotDependOnTheNumberOfWorkers(t *testing.T) {
	want := ""
	for _, workers := range []int{1, 2, 5} {
		s := trainSource(t, 23, 5, 3, workers)
		take(t, s, 20)
		if want == "" {
			want = s.Seen()
		}
		if s.Seen() != want {
			t.Errorf("%d workers: trail %s, 1 worker: %s", workers, s.Seen(), want)
		}
	}
	other := trainSource(t, 23, 5, 4, 2)
	take(t, other, 20)
	if other.Seen() == want {
		t.Error("another seed gave the same batches")
	}
}

func TestImageSeekIsExactAnywhere(t *testing.T) {
	for before := range 8 { // epochs of 23 images begin inside batches
		checkSeek(t, func() Source { return trainSource(t, 23, 5, 3, 1+before%3) }, before, 6)
	}
	eval := augment.SmallEval(8, augment.ImageNet())
	for before := range 3 {
		checkSeek(t, func() Source {
			s, err := NewImageValid(tinyImages(23), eval, 5, 2)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}, before, 2)
	}
}

// Seek on a source that has run takes back what it prepared ahead.
func TestImageSeekGoesBack(t *testing.T) {
	s := trainSource(t, 23, 5, 3, 3)
	start, err := s.Position()
	if err != nil {
		t.Fatal(err)
	}
	take(t, s, 7)
	want := s.Seen()
	if err := s.Seek(start); err != nil {
		t.Fatal(err)
	}
	if take(t, s, 7); s.Seen() != want {
		t.Errorf("after Seek to the start: trail %s, at first %s", s.Seen(), want)
	}
}

// plain is a pipeline that hands on the first level of an image, which is its index.
type plain struct{}

func (plain) Check() error                                          { return nil }
func (plain) Shape() [3]int                                         { return [3]int{1, 1, 1} }
func (plain) Apply(dst []float32, m augment.Image, _ augment.Draws) { dst[0] = float32(m.Pix[0]) }

func TestAnEpochGivesEveryImageOnce(t *testing.T) {
	s, err := NewImageTrain(tinyImages(14), plain{}, augment.Mix{}, 7, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var orders []string
	for range 3 {
		var got []int
		for _, b := range take(t, s, 2) {
			for i, v := range b.Inputs[0].F32 {
				got = append(got, int(v))
				if b.Inputs[1].I32[i] != int32(int(v)%4) {
					t.Errorf("image %g has label %d", v, b.Inputs[1].I32[i])
				}
			}
		}
		orders = append(orders, fmt.Sprint(got))
		slices.Sort(got)
		for i, v := range got {
			if i != v {
				t.Fatalf("an epoch gave %v", got)
			}
		}
	}
	if orders[0] == orders[1] || orders[1] == orders[2] {
		t.Errorf("epochs in one order: %v", orders)
	}
}

func TestValidationImagesComeInOrderWithLabels(t *testing.T) {
	s, err := NewImageValid(tinyImages(11), plain{}, 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		var got []float32
		var sizes []int
		for {
			b, err := s.Next()
			if err == io.EOF {
				break
			}
			got, sizes = append(got, b.Inputs[0].F32...), append(sizes, b.Inputs[1].Shape[0])
		}
		for i, v := range got {
			if int(v) != i {
				t.Fatalf("got %v", got)
			}
		}
		if !slices.Equal(sizes, []int{4, 4, 3}) {
			t.Errorf("batches of %v, expected 4, 4 and 3", sizes)
		}
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("behind the end: %v", err)
		}
		s.Rewind()
	}
}

func TestMixedBatchesHaveSoftTargets(t *testing.T) {
	s := trainSource(t, 23, 6, 3, 2)
	mixed := false
	for _, b := range take(t, s, 10) {
		targets := b.Inputs[1]
		if !slices.Equal(targets.Shape, []int{6, 4}) || !slices.Equal(b.Inputs[0].Shape, []int{6, 3, 8, 8}) {
			t.Fatalf("shapes %v and %v", b.Inputs[0].Shape, targets.Shape)
		}
		for i := range 6 {
			sum, most := 0.0, 0.0
			for _, v := range targets.F32[i*4 : i*4+4] {
				sum, most = sum+float64(v), max(most, float64(v))
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Errorf("targets of an image sum to %g", sum)
			}
			mixed = mixed || most < 0.9
		}
	}
	if !mixed {
		t.Error("ten batches and none was mixed")
	}
}

// broken cannot read image 9.
type broken struct{ *ImageArray }

func (b broken) Image(i int) (augment.Image, error) {
	if i == 9 {
		return augment.Image{}, errors.New("nine.png: the file is truncated")
	}
	return b.ImageArray.Image(i)
}

func TestAnImageThatCannotBeReadIsNamed(t *testing.T) {
	s, err := NewImageValid(broken{tinyImages(12)}, plain{}, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	take(t, s, 2)
	for range 2 {
		if _, err := s.Next(); err == nil || !strings.Contains(err.Error(), "nine.png") {
			t.Fatalf("got %v", err)
		}
	}
	if position, _ := s.Position(); !strings.Contains(string(position), `"next":8`) {
		t.Errorf("position %s, expected that of the 8 images given", position)
	}
}

func TestCloseEndsTheGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for n := range 4 {
		s := trainSource(t, 40, 4, 1, 5)
		take(t, s, n) // also before anything was asked for
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Next(); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("after Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
	for deadline := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
		}
	}
}

func TestImageSourceRefusesWhatCannotWork(t *testing.T) {
	train, mix := smallPaper()
	bad := train
	bad.Size = 0
	for _, c := range []struct {
		set        Images
		p          augment.Pipeline
		mix        augment.Mix
		B, workers int
		want       string
	}{
		{tinyImages(3), train, mix, 0, 1, "batches of 0"},
		{tinyImages(3), train, mix, 1, 0, "0 workers"},
		{tinyImages(0), train, mix, 1, 1, "empty"},
		{tinyImages(3), bad, mix, 1, 1, "size is 0"},
		{tinyImages(3), train, augment.Mix{Mixup: 2}, 1, 1, "mixup is 2"},
	} {
		if s, err := NewImageTrain(c.set, c.p, c.mix, c.B, 1, c.workers); s != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected an error with %q", err, c.want)
		}
	}
	position, _ := trainSource(t, 23, 5, 3, 1).Position()
	for what, s := range map[string]*ImageSource{"seed": trainSource(t, 23, 5, 4, 1), "batch": trainSource(t, 23, 6, 3, 1), "set": trainSource(t, 22, 5, 3, 1)} {
		if err := s.Seek(position); err == nil {
			t.Errorf("other %s: the position was taken", what)
		}
	}
	s := trainSource(t, 23, 5, 3, 1)
	if err := s.Seek([]byte(strings.Replace(string(position), `"next":0`, `"next":24`, 1))); err == nil || !strings.Contains(err.Error(), "image 24") {
		t.Errorf("image outside the epoch: %v", err)
	}
}

func TestSplitImagesIsFixedAndDisjoint(t *testing.T) {
	a := tinyImages(20)
	train, valid, err := SplitImages(a, 6, 1)
	if err != nil || train.Len() != 14 || valid.Len() != 6 {
		t.Fatalf("%v: %d and %d", err, train.Len(), valid.Len())
	}
	seen := map[uint8]bool{}
	for _, part := range []Images{train, valid} {
		for i := range part.Len() {
			m, err := part.Image(i)
			if err != nil || seen[m.Pix[0]] || part.Label(i) != int(m.Pix[0])%4 {
				t.Errorf("image %d twice, or with label %d (%v)", m.Pix[0], part.Label(i), err)
			}
			seen[m.Pix[0]] = true
		}
	}
	again, _, _ := SplitImages(a, 6, 1)
	other, _, _ := SplitImages(a, 6, 2)
	if again.ID() != train.ID() || other.ID() == train.ID() {
		t.Error("the split is not what its seed says")
	}
	if _, _, err := SplitImages(a, 21, 1); err == nil {
		t.Error("more for validation than there is: accepted")
	}
}

// A batch of the whole paper's pipeline at full size, as a laptop makes it.
func BenchmarkPaperPipeline(b *testing.B) {
	a := &ImageArray{H: 375, W: 500, C: 3, Names: []string{"a"}, Pix: make([]uint8, 375*500*3), Labels: make([]int32, 1)}
	for i := range a.Pix {
		a.Pix[i] = uint8(i * 7 >> 4)
	}
	dst := make([]float32, 3*224*224)
	p := augment.PaperTrain()
	m, _ := a.Image(0)
	for i := range b.N {
		p.Apply(dst, m, augment.NewDraws(1, "image", uint64(i)))
	}
}
