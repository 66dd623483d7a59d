package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// console is where a command talks: results to out, the rest to err.
type console struct {
	out, err    io.Writer
	json, quiet bool
	verbose     int // 1: a line of progress for every line of metrics; 2: for every update
}

// careful remembers the first error of a writer, so that a result that nobody received does not pass for one.
type careful struct {
	io.Writer
	err error
}

func (c *careful) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// result prints v as indented JSON when --json is on, and calls text otherwise.
func (c *console) result(v any, text func(w io.Writer)) error {
	if !c.json {
		text(c.out)
		return nil
	}
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// note prints a line for the person who waits, not part of the result.
func (c *console) note(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(c.err, format+"\n", args...)
	}
}

// isTerminal says whether w is a terminal that may be redrawn.
func isTerminal(w io.Writer) bool {
	if c, ok := w.(*careful); ok {
		w = c.Writer
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// finish prints err and returns the exit code.
func (c *console) finish(err error) int {
	if out, ok := c.out.(*careful); ok && out.err != nil && err == nil {
		err = fmt.Errorf("the result could not be written to standard output: %w", out.err)
	}
	if err == nil {
		return conf.ExitOK
	}
	fmt.Fprintf(c.err, "dyt: %v\n", err)
	return backendCode(err)
}

// table prints rows in aligned columns; the first row is the header.
func table(w io.Writer, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	tw.Flush()
}

// thousands prints n as 6,738,415,616.
func thousands[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func usage(format string, args ...any) error {
	return conf.WithCode(fmt.Errorf(format, args...), conf.ExitUsage)
}

// flagError turns pflag's complaint about an unknown flag into one that names the nearest known flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usage("%s: %w", cmd.CommandPath(), err)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	return usage("%s: unknown flag --%s%s", cmd.CommandPath(), unknown.GetSpecifiedName(), suggest.DidYouMean(unknown.GetSpecifiedName(), known))
}
