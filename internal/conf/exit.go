package conf

import (
	"errors"
	"fmt"
)

// Exit codes of every command.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2   // a wrong flag, key or configuration
	ExitInput       = 3   // input missing or unreadable
	ExitUnsupported = 4   // a model that we cannot run
	ExitCheck       = 5   // a check that was asked for failed: --fail-if, --max-loss
	ExitDiverged    = 6   // NaN, Inf or collapse
	ExitMemory      = 7   // needs more memory than there is
	ExitNetwork     = 8   // download failed
	ExitRequeue     = 75  // checkpointed, asks to be started again (EX_TEMPFAIL)
	ExitInterrupted = 130 // stopped by SIGINT after a clean checkpoint
	ExitTerminated  = 143 // stopped by SIGTERM after a clean checkpoint
)

// Coded is an error that knows its exit code.
type Coded interface {
	error
	ExitCode() int
}

type coded struct {
	error
	code int
}

func (e coded) ExitCode() int { return e.code }
func (e coded) Unwrap() error { return e.error }

// WithCode attaches an exit code to err; a code that err already carries wins. A nil error stays nil.
func WithCode(err error, code int) error {
	var known Coded
	if err == nil || errors.As(err, &known) {
		return err
	}
	return coded{err, code}
}

// Code returns the exit code of err: 0 for nil, ExitFailed for an error without one.
func Code(err error) int {
	var known Coded
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &known):
		return known.ExitCode()
	}
	return ExitFailed
}

func usage(format string, args ...any) error {
	return WithCode(fmt.Errorf(format, args...), ExitUsage)
}
