package data

import (
	"fmt"
	"sync"

	"github.com/dyt-go/dyt/data/augment"
)

// imageFeed prepares the batches of an ImageSource from one position on. A planner says which images make which batch,
// and puts a promise of each batch into a queue, in order; workers make the batches, in any order. So at most
// 2*workers + 1 batches exist besides the one being used.
type imageFeed struct {
	queue chan chan madeBatch // closed behind the last batch
	quit  chan struct{}
	all   sync.WaitGroup
}

// batchPlan is all that a worker needs to make a batch, and the promise to keep.
type batchPlan struct {
	images      []plannedImage
	epoch, next int // the position behind the batch
	promise     chan madeBatch
}

// plannedImage is an image and where it stands in the run, which decides its random numbers.
type plannedImage struct{ index, epoch, place int }

type madeBatch struct {
	batch       Batch
	epoch, next int
	err         error
}

func (s *ImageSource) prepare(from imageState) *imageFeed {
	f := &imageFeed{queue: make(chan chan madeBatch, s.workers), quit: make(chan struct{})}
	plans := make(chan batchPlan)
	f.all.Go(func() {
		defer close(f.queue)
		defer close(plans)
		for plan := range s.plans(from) {
			select {
			case f.queue <- plan.promise:
			case <-f.quit:
				return
			}
			select {
			case plans <- plan:
			case <-f.quit:
				return
			}
		}
	})
	for range s.workers {
		f.all.Go(func() {
			for plan := range plans {
				batch, err := s.make(plan.images)
				plan.promise <- madeBatch{batch, plan.epoch, plan.next, err}
			}
		})
	}
	return f
}

// next waits for the next batch; ok is false behind the last one.
func (f *imageFeed) next() (made madeBatch, ok bool) {
	promise, ok := <-f.queue
	if !ok {
		return madeBatch{}, false
	}
	return <-promise, true
}

// stop ends the goroutines and waits for them: at most as long as the making of one batch.
func (f *imageFeed) stop() {
	close(f.quit)
	f.all.Wait()
}

// plans yields the batches from a position on: without end in training, up to the end of the set in validation.
func (s *ImageSource) plans(at imageState) func(yield func(batchPlan) bool) {
	return func(yield func(batchPlan) bool) {
		n := s.set.Len()
		order := s.order(at.Epoch)
		for {
			var images []plannedImage
			for len(images) < s.B {
				if at.Next == n {
					if s.kind == "image-valid" {
						break
					}
					at.Epoch, at.Next = at.Epoch+1, 0
					order = s.order(at.Epoch)
				}
				images = append(images, plannedImage{int(order[at.Next]), at.Epoch, at.Next})
				at.Next++
			}
			if len(images) == 0 || !yield(batchPlan{images, at.Epoch, at.Next, make(chan madeBatch, 1)}) {
				return
			}
		}
	}
}

// order returns the images of an epoch in the order in which they are given.
func (s *ImageSource) order(epoch int) []int32 {
	if s.kind == "image-train" {
		return permutation(draws(s.seed, epoch, "image order"), s.set.Len())
	}
	order := make([]int32, s.set.Len())
	for i := range order {
		order[i] = int32(i)
	}
	return order
}

// make reads, changes, normalises and mixes the images of a batch. The numbers for an image come from its place in the
// run, those for mixing from the place of the batch's first image.
func (s *ImageSource) make(images []plannedImage) (Batch, error) {
	shape := s.pipe.Shape()
	b, size := len(images), shape[0]*shape[1]*shape[2]
	x, labels := make([]float32, b*size), make([]int32, b)
	for i, p := range images {
		m, err := s.set.Image(p.index)
		if err != nil {
			return Batch{}, fmt.Errorf("data: image %d: %w", p.index, err)
		}
		labels[i] = int32(s.set.Label(p.index))
		s.pipe.Apply(x[i*size:(i+1)*size], m, augment.NewDraws(s.seed, "image", uint64(p.epoch), uint64(p.place)))
	}
	inputs := []Array{{Shape: []int{b, shape[0], shape[1], shape[2]}, F32: x}, {Shape: []int{b}, I32: labels}}
	if s.mix != (augment.Mix{}) && s.kind == "image-train" {
		first, classes := images[0], len(s.set.Classes())
		c := s.mix.Choose(shape[1], shape[2], augment.NewDraws(s.seed, "mix", uint64(first.epoch), uint64(first.place)))
		c.Images(x, b, shape[1], shape[2])
		inputs[1] = Array{Shape: []int{b, classes}, F32: s.mix.Targets(labels, classes, c)}
	}
	return Batch{Inputs: inputs}, nil
}
