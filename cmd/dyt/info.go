package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/dyt-go/dyt/train"
	"github.com/spf13/cobra"
)

func infoCommand(c *console) *cobra.Command {
	var tensors bool
	var backendName string
	cmd := &cobra.Command{
		Use:   "info PATH",
		Short: "Describe a run, a model folder or a file of weights from its headers",
		Long: `info prints what a run, a model folder of transformers or timm, a .safetensors file or a .bin of llama2.c holds: configuration,
parameters, the norm sites with alpha, gamma and the scale of their input, and warnings about what does not fit. Only headers
and the small tensors of norm sites are read, so a file of 100 GB takes no longer than a small one.`,
		Example: "  dyt info runs/quickstart/dyt_s1\n  dyt info model.safetensors --json",
		Args:    exactly(1, "a run, a model folder or a file of weights"),
		RunE: func(_ *cobra.Command, args []string) error {
			backend, err := openBackend(backendName)
			if err != nil {
				return err
			}
			defer backend.Finalize()
			info, err := train.Inspect(backend, args[0])
			if err != nil {
				return inputError(err)
			}
			return c.result(info, func(w io.Writer) { printInfo(w, info, tensors) })
		},
	}
	cmd.Flags().BoolVar(&tensors, "tensors", false, "list every tensor (always where nothing tells whose they are)")
	addBackend(cmd.Flags(), &backendName)
	return cmd
}

func printInfo(w io.Writer, i *train.Info, tensors bool) {
	var types []string
	for _, d := range i.DTypes {
		types = append(types, string(d.DType))
	}
	fmt.Fprintf(w, "path      %s, %s\n", i.Path, i.Format)
	fmt.Fprintf(w, "weights   %s parameters in %d tensors, %s bytes of %s\n", thousands(i.Parameters), len(i.Tensors), thousands(i.Bytes), strings.Join(types, ", "))
	if i.Arch != "" {
		fmt.Fprintf(w, "model     %s %s with %s\n", i.Arch, i.Variant, i.Norm)
	}
	for _, extra := range i.Extras {
		fmt.Fprintf(w, "also      %s\n", extra)
	}
	if r := i.Run; r != nil {
		fmt.Fprintf(w, "run       %s: %s, step %s of %s; %s, seed %d\n", r.Dir, r.State, thousands(r.Step), thousands(r.Steps), r.Recipe, r.Seed)
		for _, change := range r.Changes {
			fmt.Fprintf(w, "changed   %s\n", change)
		}
	}
	if len(i.Sites) > 0 {
		fmt.Fprintln(w)
		printSites(w, i.Sites)
	}
	if tensors || i.Arch == "" {
		fmt.Fprintln(w)
		rows := [][]string{{"tensor", "type", "shape", "file"}}
		for _, t := range i.Tensors {
			rows = append(rows, []string{t.Name, string(t.DType), fmt.Sprint(t.Shape), t.File})
		}
		table(w, rows)
	}
	for _, warning := range i.Warnings {
		fmt.Fprintf(w, "warning   %s\n", warning)
	}
}

func printSites(w io.Writer, sites []train.SiteInfo) {
	some := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.3g", *v)
	}
	rows := [][]string{{"norm site", "role", "alpha0", "alpha", "gamma rms", "input rms at start", "now", "saturated"}}
	for _, s := range sites {
		row := []string{s.Site, string(s.Role), "-", some(s.Alpha), some(s.Gamma), some(s.RMSStart), some(s.RMSIn), "-"}
		if s.Alpha0 != 0 {
			row[2] = fmt.Sprintf("%.3g", s.Alpha0)
		}
		if s.Saturated != nil {
			row[7] = percent(*s.Saturated)
		}
		rows = append(rows, row)
	}
	table(w, rows)
}
