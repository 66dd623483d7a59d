package train

import (
	"fmt"
	"math"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// Info is what a run, a model folder or a file of weights says about itself: headers, the config, and the small tensors of
// norm sites. Other weights are not read.
type Info struct {
	weights.Summary
	Arch     string     `json:"arch"` // empty where no config says so
	Variant  string     `json:"variant"`
	Norm     norm.Kind  `json:"norm"`
	Extras   []string   `json:"extras"` // what the norm brings along
	Sites    []SiteInfo `json:"sites"`  // in the order in which an input meets them
	Run      *RunInfo   `json:"run,omitempty"`
	Warnings []string   `json:"warnings"`
}

// SiteInfo is one norm site.
type SiteInfo struct {
	Site      string    `json:"site"`
	Role      norm.Role `json:"role"`
	Alpha0    float64   `json:"alpha0,omitempty"`
	Alpha     *float64  `json:"alpha,omitempty"`     // as trained; the mean where there is one for each channel
	Gamma     *float64  `json:"gamma,omitempty"`     // root mean square of the scale
	RMSStart  *float64  `json:"rms_start,omitempty"` // of a run: the input's root mean square before the first update
	RMSIn     *float64  `json:"rms_in,omitempty"`    // and at the last evaluation
	Saturated *float64  `json:"sat_frac,omitempty"`
}

// RunInfo is the run that a model is from.
type RunInfo struct {
	Dir     string  `json:"dir"`
	Recipe  string  `json:"recipe"` // in a line
	State   string  `json:"state"`
	Step    int     `json:"step"`
	Steps   int     `json:"steps"`
	Seed    uint64  `json:"seed"`
	ValBPB  float64 `json:"val_bpb"`
	ValTop1 float64 `json:"val_top1"`

	Changes []Change `json:"config_changes"` // of the recipe, oldest first
}

// Inspect looks at a run folder, a model folder or a file.
func Inspect(backend compute.Backend, path string) (*Info, error) {
	info := &Info{Extras: []string{}, Sites: []SiteInfo{}, Warnings: []string{}}
	at, err := ModelFolder(path)
	if err != nil {
		return nil, err
	}
	s, err := weights.Inspect(at)
	if err != nil {
		return nil, err
	}
	info.Summary = *s
	if s.Format != "safetensors" { // bare tensors say of no network that they are its own
		if err := info.readModel(backend, at); err != nil {
			return nil, err
		}
	}
	if at != path {
		return info, info.readRun(path)
	}
	return info, nil
}

// readModel compares the tensors with what the network asks for, and reads the norm sites.
func (i *Info) readModel(backend compute.Backend, path string) error {
	m, f, err := OpenModel(path)
	if err != nil { // the weights were opened before: the network is none of ours
		i.Warnings = append(i.Warnings, err.Error())
		return nil
	}
	defer f.Close()
	i.Arch, i.Variant, i.Extras = m.Arch(), m.Variant(), append(i.Extras, m.Extras()...)
	if err := i.checkTensors(backend, m, f); err != nil {
		return err
	}
	for _, site := range m.Sites() {
		i.Norm = site.Spec.Kind
		line := SiteInfo{Site: site.ID, Role: site.Role, Alpha0: site.Spec.Alpha0}
		if line.Alpha, err = smallTensor(f, site.ID+".alpha", mean); err != nil {
			return err
		}
		if line.Gamma, err = smallTensor(f, site.ID+".weight", rootMeanSquare); err != nil {
			return err
		}
		i.Sites = append(i.Sites, line)
	}
	return nil
}

func (i *Info) checkTensors(backend compute.Backend, m part.Model, f Checkpoint) error {
	store := model.NewStore()
	if err := part.Trace(backend, store, m); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, v := range optim.Trainable(store) {
		name := optim.Name(v)
		known[name] = true
		info, there := f.Info(name)
		switch {
		case !there:
			i.Warnings = append(i.Warnings, fmt.Sprintf("%s%v is missing", name, v.Shape().Dimensions))
		case fmt.Sprint(info.Shape) != fmt.Sprint(v.Shape().Dimensions):
			i.Warnings = append(i.Warnings, fmt.Sprintf("%s: the config asks for shape %v", info, v.Shape().Dimensions))
		}
	}
	for _, info := range f.Infos() {
		if !known[info.Name] {
			i.Warnings = append(i.Warnings, fmt.Sprintf("%s: the model has no place for it", info))
		}
	}
	return nil
}

// readRun adds what the run folder knows.
func (i *Info) readRun(dir string) error {
	r, err := ReadRun(dir)
	if err != nil {
		return err
	}
	i.Run = &RunInfo{Dir: dir, Recipe: r.Recipe.Describe(), State: r.Status.State, Step: r.Status.Step, Steps: r.Recipe.Steps(), Seed: r.Recipe.Train.Seed, ValBPB: r.Summary.ValBPB, ValTop1: r.Summary.ValTop1, Changes: append([]Change{}, r.Changes...)}
	var start []SiteMetrics
	at := map[string]int{}
	for k, s := range i.Sites {
		at[s.Site] = k
	}
	for _, m := range r.Summary.AllSites {
		k, known := at[m.Site]
		if !known {
			continue
		}
		if m.Step == 0 {
			start = append(start, m)
			i.Sites[k].RMSStart = &m.RMSIn
		}
		i.Sites[k].RMSIn, i.Sites[k].Saturated = &m.RMSIn, m.Saturated
	}
	i.Warnings = append(i.Warnings, Warnings(start)...)
	return nil
}

// smallTensor sums up a vector of a norm site; nil where there is none.
func smallTensor(f Checkpoint, name string, summary func([]float32) float64) (*float64, error) {
	info, there := f.Info(name)
	if !there || len(info.Shape) != 1 {
		return nil, nil
	}
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	values, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	v := summary(values)
	return &v, nil
}

func mean(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	return sum / float64(len(values))
}

func rootMeanSquare(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(values)))
}
