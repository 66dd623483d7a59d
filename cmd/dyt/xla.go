//go:build xla

package main

// GoMLX's XLA backend. It needs cgo to build, and when it opens a PJRT plugin, which it looks for where libraries are installed and in
// the folders of PJRT_PLUGIN_LIBRARY_PATH. Its own installer is left out: nothing is downloaded unasked.
import _ "github.com/gomlx/go-xla/compute/xla"

func init() { backends["xla"] = "xla" }
