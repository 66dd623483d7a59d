// Package examples has no code: its folders are short programs that use this module as a library would be used, and its
// test builds and runs each of them.
//
//   - layer: DyT in a GoMLX model of your own
//   - twins: a fair comparison from Go, with cancellation and resumption
//   - embedded: a trained model inside one static binary
package examples
