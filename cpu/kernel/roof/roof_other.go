//go:build !amd64 || purego

package roof

var assembly []Loop
